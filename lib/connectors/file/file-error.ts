import { messageOf, RetryableError, type StreamError, UserError } from '../../core/errors.ts';

/** What somebody wanted to do with a file when it failed. */
export type FileAction = 'read' | 'write';

const ADVICE: Readonly<Record<string, string>> = {
  EACCES: 'Give this user the right to do so.',
  EPERM: 'Give this user the right to do so.',
  EROFS: 'Choose a folder on a device that can be written.',
  ENOTDIR: 'A part of the path is a file; choose another folder.',
  EISDIR: 'The path is a folder; name a file.',
  EEXIST: 'The path exists already; choose another one.',
  ENAMETOOLONG: 'Choose shorter names.',
  ENOENT: 'It was there a moment ago: leave files and folders alone while the job runs.',
  ENOSPC: 'The device is full: free some space and run again.',
  EDQUOT: 'The disk quota is used up: free some space and run again.',
};

const PASSING_ADVICE: Readonly<Record<string, string>> = {
  EMFILE: 'Too many files are open: raise the limit (ulimit -n) and run again.',
  ENFILE: 'Too many files are open on this machine: close some and run again.',
};

/** The error of a failed call of the file system, with the path and what to do about it. */
export function fileError(thrown: unknown, action: FileAction, path: string): StreamError {
  const errno = errnoOf(thrown);
  const options = { cause: thrown, context: { location: path } };
  const what = `Could not ${action} ${path}: ${messageOf(thrown)}.`;
  const advice = ADVICE[errno];
  if (advice !== undefined) {
    if (action === 'write') return new UserError('SINK_INVALID', `${what} ${advice}`, options);
    const code = errno === 'ENOENT' ? 'SOURCE_NOT_FOUND' : 'SOURCE_INVALID';
    return new UserError(code, `${what} ${advice}`, options);
  }
  const passing = PASSING_ADVICE[errno] ?? 'Check the device and run again.';
  return new RetryableError('IO_FAILED', `${what} ${passing}`, options);
}

/** The error of a file whose content is not what its format promises. */
export function contentError(path: string, what: string, thrown?: unknown): UserError {
  const reason = thrown === undefined ? '' : ` (${messageOf(thrown)})`;
  const message = `${path} ${what}${reason}. Repair or remove the file, or correct the format of the source.`;
  return new UserError('SOURCE_INVALID', message, { cause: thrown, context: { location: path } });
}

/** The name of a file system error, for example ENOENT; empty for anything else. */
export function errnoOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
}
