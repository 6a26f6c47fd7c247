import { createReadStream, type ReadStream, statSync } from 'node:fs';
import { createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from 'node:zlib';
import { LIMITS } from '../../core/limits.ts';
import { type ByteSource, type Compression, WAIT } from './byte-source.ts';
import { contentError, errnoOf, fileError } from './file-error.ts';
import type { ReadableFile } from './file-split.ts';

const CHUNK_BYTES = 256 << 10;

/**
 * Reads a gzip or zstd file; at most LIMITS.decompressedChunksMax chunks are decompressed ahead.
 *
 * A file may hold several frames or members behind each other. Node's zstd stream ends silently after the
 * first one, so this class starts a new stream for each frame until the file is used up.
 */
export class DecompressedBytes implements ByteSource {
  private readonly file: ReadableFile;
  private readonly compression: Exclude<Compression, 'none'>;
  private readonly fileBytes: number;
  /** Compressed bytes of the frames already finished. */
  private frameStart = 0;
  private toSkip: number;
  private input: ReadStream | undefined;
  private decoder: Gunzip | ZstdDecompress | undefined;
  private chunk: Buffer | undefined;
  private failure: Error | undefined;

  /** `start`: decompressed bytes to leave out. */
  constructor(file: ReadableFile, compression: Exclude<Compression, 'none'>, start: number) {
    this.file = file;
    this.compression = compression;
    this.toSkip = start;
    this.fileBytes = sizeOf(file);
    if (this.fileBytes > 0) this.openFrame();
  }

  read(target: Buffer, at: number, length: number): number {
    while (this.chunk === undefined || this.chunk.length === 0) {
      if (this.failure !== undefined) throw this.failure;
      if (this.decoder === undefined) return this.end();
      // A stream of bytes without an encoding answers Buffers.
      const next = this.decoder.read() as Buffer | null;
      if (next !== null) this.chunk = this.skip(next);
      else if (!this.decoder.readableEnded) return WAIT;
      else this.finishFrame();
    }
    const count = this.chunk.copy(target, at, 0, length);
    this.chunk = this.chunk.subarray(count);
    return count;
  }

  isAvailable(): Promise<void> {
    const decoder = this.decoder;
    if (this.failure !== undefined || decoder === undefined) return Promise.resolve();
    if (decoder.readableEnded || decoder.readableLength > 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        for (const event of ['readable', 'end', 'close']) decoder.off(event, done);
        resolve();
      };
      for (const event of ['readable', 'end', 'close']) decoder.on(event, done);
    });
  }

  async close(): Promise<void> {
    this.chunk = undefined;
    this.closeFrame();
  }

  private openFrame(): void {
    const input = createReadStream(this.file.path, { start: this.frameStart, highWaterMark: CHUNK_BYTES });
    const options = {
      chunkSize: CHUNK_BYTES,
      readableHighWaterMark: CHUNK_BYTES * LIMITS.decompressedChunksMax,
    };
    const decoder = this.compression === 'gzip' ? createGunzip(options) : createZstdDecompress(options);
    const fail = (error: Error): void => {
      this.failure ??= error;
      input.destroy();
      decoder.destroy();
    };
    input.on('error', (error) => fail(fileError(error, 'read', this.file.name)));
    decoder.on('error', (error) => fail(this.decoderError(error)));
    input.pipe(decoder);
    this.input = input;
    this.decoder = decoder;
  }

  private decoderError(error: Error): Error {
    const truncated = errnoOf(error) === 'Z_BUF_ERROR';
    return contentError(
      this.file.name,
      truncated ? 'ends inside its compressed data' : `is not ${this.compression} data`,
      error,
    );
  }

  private finishFrame(): void {
    const consumed = this.decoder?.bytesWritten ?? 0;
    this.closeFrame();
    this.frameStart += consumed;
    // Node reads the members of a gzip file as one stream.
    const more = this.compression === 'zstd' && consumed > 0 && this.frameStart < this.fileBytes;
    if (more) this.openFrame();
  }

  private closeFrame(): void {
    this.input?.destroy();
    this.decoder?.destroy();
    this.input = undefined;
    this.decoder = undefined;
  }

  private skip(chunk: Buffer): Buffer {
    const skipped = Math.min(this.toSkip, chunk.length);
    this.toSkip -= skipped;
    return chunk.subarray(skipped);
  }

  private end(): number {
    if (this.toSkip > 0) {
      throw contentError(
        this.file.name,
        `ends ${this.toSkip} bytes before the position already reached: it was replaced`,
      );
    }
    return 0;
  }
}

function sizeOf({ path, name }: ReadableFile): number {
  try {
    return statSync(path).size;
  } catch (thrown) {
    throw fileError(thrown, 'read', name);
  }
}
