import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf, UserError } from '../core/errors.ts';
import type { DeadLetter, DeadLetterOutput } from '../ports/dead-letters.ts';

/** Dead letters of one run as an NDJSON file, which exists only if there are any. */
export class DeadLetterFile implements DeadLetterOutput {
  readonly path: string;
  #descriptor: number | undefined;
  #count = 0;

  /** Removes the file of an earlier run. Throws UserError SINK_INVALID if the path cannot be written. */
  constructor(path: string) {
    this.path = path;
    this.#attempt(() => rmSync(path, { force: true }));
  }

  get count(): number {
    return this.#count;
  }

  write(letter: DeadLetter): void {
    this.#attempt(() => {
      if (this.#descriptor === undefined) {
        mkdirSync(dirname(this.path), { recursive: true });
        this.#descriptor = openSync(this.path, 'w');
      }
      writeSync(this.#descriptor, `${JSON.stringify(letter)}\n`);
    });
    this.#count++;
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
