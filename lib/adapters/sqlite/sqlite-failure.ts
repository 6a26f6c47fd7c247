/** What SQLite's result codes mean for the person who runs a job. */
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf, RetryableError, type StreamError, UserError } from '../../core/errors.ts';

/** Primary result codes of SQLite. */
const READ_ONLY = 8;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const AUTHORIZATION = 23;
const NOT_A_DATABASE = 26;
export const BUSY = 5;

/** Some calls report a full disk as a failed one; a disk with less room than this was full. */
const FULL_DISK_BYTES = 256 << 10;

/** Primary result code of an error that SQLite has thrown; undefined for any other. */
export function resultCodeOf(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('errcode' in thrown) || typeof thrown.errcode !== 'number') {
    return undefined;
  }
  return thrown.errcode & 0xff;
}

/** The error of Millrace for what was thrown while `path` was used; `thrown` itself if it is not SQLite's. */
export function sqliteFailure(path: string, thrown: unknown): unknown {
  const code = resultCodeOf(thrown);
  return code === undefined ? thrown : failureOf(code, path, thrown);
}

function failureOf(code: number, path: string, cause: unknown): StreamError {
  const folder = dirname(path);
  switch (code) {
    case FULL:
      return fullFailure(path, cause);
    case CORRUPT:
      return damagedFailure(path, messageOf(cause), cause);
    case NOT_A_DATABASE:
      return new UserError(
        'STATE_DIR_FOREIGN',
        `${path} is not a database, or its first bytes are damaged. If it is the state of the job, bring ` +
          'back a copy of the directory; else move the file away, or give another state directory.',
        { cause },
      );
    case READ_ONLY:
    case CANNOT_OPEN:
    case AUTHORIZATION:
      return new UserError(
        'STATE_DIR_UNUSABLE',
        `${path} cannot be opened for writing (${messageOf(cause)}). Check the permissions of ${folder}, ` +
          'or give another state directory.',
        { cause },
      );
    case IO_ERROR:
      if (freeBytes(folder) < FULL_DISK_BYTES) return fullFailure(path, cause);
  }
  return new RetryableError(
    'IO_FAILED',
    `Using ${path} failed (${messageOf(cause)}): whether the last change was kept is unknown. Run again.`,
    { cause },
  );
}

/** The database, or the disk that it is on, has no room. */
function fullFailure(path: string, cause: unknown): UserError {
  return new UserError(
    'STATE_DIR_FULL',
    `There is no room left for ${path}. The last commit is intact. Make room on its disk, or raise its ` +
      'size limit if you have set one, and run again.',
    { cause },
  );
}

/** What is stored in `path` is not what was written. */
export function damagedFailure(path: string, detail: string, cause?: unknown): UserError {
  return new UserError(
    'STATE_CORRUPT',
    `${path} is damaged (${detail}). A damaged state is never used: bring back a copy of ${dirname(path)} ` +
      'and of the output as it was then, or start over with --fresh --overwrite.',
    { cause },
  );
}

function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
