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
  #restored: DeadLetterPosition | undefined;
  #begun = false;
  #descriptor: number | undefined;
  #bytes = 0;
  #count = 0;
  #synced = true;

  /** `restored`: what the commit says from which the job goes on. Touches nothing. */
  constructor(path: string, restored?: DeadLetterPosition) {
    this.path = path;
    if (restored?.path !== resolve(path)) return;
    this.#restored = restored;
    this.#count = restored.count;
    this.#bytes = restored.bytes;
  }

  /**
   * Removes the file of another run, or cuts off what was written behind the commit of `restored`. A file
   * that somebody has moved away begins anew. To be called once it is certain that the job runs: the letters
   * of another run are not removed for one that is refused. Does nothing when it is called again.
   *
   * Throws UserError SINK_INVALID if the path cannot be written.
   */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#attempt(() => {
      const found = statSync(this.path, { throwIfNoEntry: false });
      const committed = Math.min(found?.size ?? 0, this.#restored?.bytes ?? 0);
      this.#bytes = committed;
      if (found === undefined) return;
      if (committed === 0) {
        rmSync(this.path);
        return;
      }
      this.#descriptor = openSync(this.path, 'a');
      ftruncateSync(this.#descriptor, committed);
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
    this.begin();
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
        `The dead-letter file ${this.path} cannot be written: ${messageOf(error)}. ${adviceOn(error)}`,
        { cause: error },
      );
    }
  }
}

function adviceOn(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  return isFull ? 'Free some space and run again.' : 'Choose another with --dead-letters.';
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
