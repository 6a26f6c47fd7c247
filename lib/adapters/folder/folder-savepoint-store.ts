/**
 * A savepoint as files of a folder.
 *
 * 1. An object is there as a whole or not at all: it is written beside its place, and linked there once it is
 *    on the device.
 */
import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, RetryableError } from '../../core/errors.ts';
import type { SavepointStore } from '../../ports/savepoint-store.ts';

/** Ending of a file that is being written. */
const PARTIAL = '.inprogress';

export class FolderSavepointStore implements SavepointStore {
  readonly #folder: string;

  /** It is made when the first object is put. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  isEmpty(): Promise<boolean> {
    return attempt(this.#folder, async () => {
      try {
        return (await readdir(this.#folder)).length === 0;
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return true;
        throw error;
      }
    });
  }

  put(name: string, bytes: Uint8Array): Promise<boolean> {
    const path = this.#pathOf(name);
    return attempt(path, async () => {
      await mkdir(dirname(path), { recursive: true });
      const partial = `${path}.${randomUUID()}${PARTIAL}`;
      try {
        await writeDurably(partial, bytes);
        // A link, because a rename would replace what is there.
        await link(partial, path);
      } catch (error) {
        if (codeOf(error) === 'EEXIST') return false;
        throw error;
      } finally {
        await rm(partial, { force: true });
      }
      await syncFolder(dirname(path));
      return true;
    });
  }

  get(name: string): Promise<Uint8Array | undefined> {
    const path = this.#pathOf(name);
    return attempt(path, async () => {
      try {
        return new Uint8Array(await readFile(path));
      } catch (error) {
        if (codeOf(error) === 'ENOENT' || codeOf(error) === 'EISDIR') return undefined;
        throw error;
      }
    });
  }

  #pathOf(name: string): string {
    return join(this.#folder, ...name.split('/'));
  }
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new RetryableError('IO_FAILED', `Using ${path} failed: ${messageOf(cause)}. Try again.`, { cause });
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
