/** What a file sink asks of a file system; errors are those of node:fs. */
export interface PartFiles {
  /** Makes a folder and those above it. */
  makeFolder(path: string): void;
  exists(path: string): boolean;
  /** Undefined if there is no such file. Unit: bytes. */
  size(path: string): number | undefined;
  /** Makes an empty file; throws EEXIST if there is one. */
  create(path: string): void;
  /** Writes behind the first `length` bytes; false, and nothing happens, unless the file has just those. */
  append(path: string, length: number, data: string | Uint8Array): boolean;
  truncate(path: string, length: number): void;
  /** Does nothing if there is no such file. */
  remove(path: string): void;
  /** Bytes and length of a file are on the device when this resolves. */
  sync(path: string): Promise<void>;
  /** Names that came into a folder and went from it are on the device when this resolves. */
  syncFolder(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Paths of all files below a folder. */
  list(folder: string): Promise<readonly string[]>;
}
