import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { messageOf, UserError } from '../core/errors.ts';
import type { DeadLetter, DeadLetterOutput } from '../ports/dead-letters.ts';
import type { DeadLetterPosition } from './run-records.ts';

/**
 * Dead letters of a job as an NDJSON file, which exists only if there are any.
 *
 * In a job that goes on from a commit the file has exactly the letters of that commit to begin with.
 */
export class DeadLetterFile implements DeadLetterOutput {
  readonly path: string;
  #descriptor: number | undefined;
  #bytes = 0;
  #count = 0;
  #synced = true;

  /**
   * Removes the file of another run, or cuts off what was written behind the commit of `restored`. A file
   * that somebody has moved away begins anew.
   *
   * Throws UserError SINK_INVALID if the path cannot be written.
   */
  constructor(path: string, restored?: DeadLetterPosition) {
    this.path = path;
    this.#attempt(() => {
      if (restored?.path !== resolve(path)) {
        rmSync(path, { force: true });
        return;
      }
      this.#count = restored.count;
      const found = statSync(path, { throwIfNoEntry: false });
      if (found === undefined) return;
      if (restored.bytes === 0) {
        rmSync(path);
        return;
      }
      this.#descriptor = openSync(path, 'a');
      this.#bytes = Math.min(found.size, restored.bytes);
      ftruncateSync(this.#descriptor, this.#bytes);
    });
  }

  get count(): number {
    return this.#count;
  }

  /** What a commit has to say of the file. */
  get position(): DeadLetterPosition {
    return { path: resolve(this.path), bytes: this.#bytes, count: this.#count };
  }

  write(letter: DeadLetter): void {
    this.#attempt(() => {
      if (this.#descriptor === undefined) {
        mkdirSync(dirname(this.path), { recursive: true });
        this.#descriptor = openSync(this.path, 'a');
      }
      this.#bytes += writeSync(this.#descriptor, `${JSON.stringify(letter)}\n`);
    });
    this.#synced = false;
    this.#count++;
  }

  /** When it returns, everything written is on the device. */
  sync(): void {
    const descriptor = this.#descriptor;
    if (this.#synced || descriptor === undefined) return;
    this.#attempt(() => {
      fsyncSync(descriptor);
      syncFolder(dirname(this.path));
    });
    this.#synced = true;
  }

  close(): void {
    if (this.#descriptor === undefined) return;
    fsyncSync(this.#descriptor);
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      throw new UserError(
        'SINK_INVALID',
        `The dead-letter file ${this.path} cannot be written: ${messageOf(error)}. ` +
          'Choose another with --dead-letters.',
        { cause: error },
      );
    }
  }
}

/** The name of a new file survives a power cut only when its folder is on the device too. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
