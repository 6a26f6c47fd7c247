import { readdir, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { UserError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { errnoOf, fileError } from './file-error.ts';

/** A file that was found. */
export interface FoundFile {
  readonly path: string;
  readonly bytes: number;
}

/** What was found, and what was not. */
export interface Discovery {
  readonly files: readonly FoundFile[];
  /** Paths and patterns that match nothing. */
  readonly missing: readonly string[];
}

/**
 * Finds the files of `paths` (files, folders, globs) below `cwd`: paths in the order given, the files of a
 * folder or glob sorted by name, each file once. Of a folder, hidden files and folders (`.name`) are left
 * out.
 *
 * Throws UserError SOURCE_INVALID for more than LIMITS.filesMax files or for something that is no regular
 * file.
 */
export async function discoverFiles(paths: readonly string[], cwd: string): Promise<Discovery> {
  const files = new Map<string, FoundFile>();
  const missing: string[] = [];
  for (const path of paths) {
    const found = await expand(path, cwd);
    if (found === undefined) missing.push(path);
    for (const file of found ?? []) {
      if (files.has(file)) continue;
      const bytes = await regularFileBytes(file, cwd);
      // Listed a moment ago and gone: renamed while it was written, for example.
      if (bytes === undefined && file !== path) continue;
      if (bytes === undefined) missing.push(path);
      else files.set(file, { path: file, bytes });
    }
    if (files.size > LIMITS.filesMax) throw tooMany(path, files.size);
  }
  return { files: [...files.values()], missing };
}

/** The error of a source whose input does not exist. */
export function notFound(missing: readonly string[], cwd: string): UserError {
  const names = missing.map((path) => `"${path}"`).join(', ');
  return new UserError(
    'SOURCE_NOT_FOUND',
    `No file matches ${names} in ${cwd}. ` +
      'Check the path, which is relative to the folder the job is started in.',
    { context: { location: missing[0] ?? cwd } },
  );
}

async function expand(path: string, cwd: string): Promise<string[] | undefined> {
  const kind = await kindOf(resolve(cwd, path));
  if (kind === 'folder') return filesBelow(path, cwd);
  if (kind === 'file') return [path];
  if (!isDynamicPattern(path)) return undefined;
  const found = await glob(path, { cwd, expandDirectories: false, absolute: isAbsolute(path) });
  return found.length === 0 ? undefined : found.sort(byName);
}

async function filesBelow(folder: string, cwd: string): Promise<string[]> {
  const names: string[] = [];
  const entries = await readdir(resolve(cwd, folder), { withFileTypes: true }).catch((thrown: unknown) => {
    if (errnoOf(thrown) === 'ENOENT') return [];
    throw fileError(thrown, 'read', folder);
  });
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) names.push(...(await filesBelow(path, cwd)));
    else names.push(path);
  }
  return names.sort(byName);
}

/** By code units, so that the order is the same on every machine. */
function byName(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

async function kindOf(path: string): Promise<'file' | 'folder' | 'none'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (thrown) {
    const errno = errnoOf(thrown);
    if (errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'EINVAL') return 'none';
    throw fileError(thrown, 'read', path);
  }
}

/** Undefined if there is no such file. */
async function regularFileBytes(path: string, cwd: string): Promise<number | undefined> {
  const stats = await stat(resolve(cwd, path)).catch((thrown: unknown) => {
    if (errnoOf(thrown) === 'ENOENT') return undefined;
    throw fileError(thrown, 'read', path);
  });
  if (stats === undefined) return undefined;
  if (stats.isFile()) return stats.size;
  const message =
    `${path} is not a regular file. Name a file: ` +
    'pipes and devices cannot be read again after a restart.';
  throw new UserError('SOURCE_INVALID', message, { context: { location: path } });
}

function tooMany(path: string, count: number): UserError {
  return new UserError(
    'SOURCE_INVALID',
    `"${path}" matches ${count} files or more; a source reads at most ${LIMITS.filesMax}. ` +
      'Use fewer, larger files.',
    { context: { location: path } },
  );
}
