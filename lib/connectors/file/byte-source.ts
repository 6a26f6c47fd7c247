/** The bytes of a file in order, decompressed if need be. Calls never overlap. */
export interface ByteSource {
  /** Puts up to `length` bytes into `target` at `at`. Answers their number, 0 at the end, or WAIT. */
  read(target: Buffer, at: number, length: number): number;
  /** Resolves when `read` has bytes or the end; rejects when the file cannot be read. */
  isAvailable(): Promise<void>;
  close(): Promise<void>;
}

/** Answer of `read` when bytes will come but are not there yet. */
export const WAIT = -1;

/** How a text file is compressed. */
export type Compression = 'none' | 'gzip' | 'zstd';

/** The compression of a file: as declared, or by the end of its name (.gz, .zst). */
export function compressionOf(path: string, declared: Compression | 'auto'): Compression {
  if (declared !== 'auto') return declared;
  if (/\.gz$/i.test(path)) return 'gzip';
  return /\.zst$/i.test(path) ? 'zstd' : 'none';
}
