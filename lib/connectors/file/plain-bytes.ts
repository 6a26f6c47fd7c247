import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ByteSource } from './byte-source.ts';
import { contentError, fileError } from './file-error.ts';
import type { ReadableFile } from './file-split.ts';

/** Reads an uncompressed file with synchronous calls: no promise and no copy between disk and parser. */
export class PlainBytes implements ByteSource {
  private readonly name: string;
  private readonly fd: number;
  private position: number;

  /**
   * Throws UserError SOURCE_INVALID if the file ends before `start`: it is not the file that was read
   * before.
   */
  constructor({ path, name }: ReadableFile, start: number) {
    this.name = name;
    this.position = start;
    this.fd = openToRead({ path, name });
    const size = fstatSync(this.fd).size;
    if (start > size) {
      closeSync(this.fd);
      throw contentError(
        name,
        `has ${size} bytes, but byte ${start} of it was already reached: it was replaced`,
      );
    }
  }

  read(target: Buffer, at: number, length: number): number {
    try {
      const count = readSync(this.fd, target, at, length, this.position);
      this.position += count;
      return count;
    } catch (thrown) {
      throw fileError(thrown, 'read', this.name);
    }
  }

  async isAvailable(): Promise<void> {}

  async close(): Promise<void> {
    closeSync(this.fd);
  }
}

function openToRead({ path, name }: ReadableFile): number {
  try {
    return openSync(path, 'r');
  } catch (thrown) {
    throw fileError(thrown, 'read', name);
  }
}
