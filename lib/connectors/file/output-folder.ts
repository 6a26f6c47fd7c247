import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../../core/errors.ts';
import { fileError } from './file-error.ts';
import { IN_PROGRESS_NAME, PART_NAME } from './part-file.ts';

/**
 * Makes the folder of a sink ready: it exists and holds no part of another run. Only files with the names
 * of parts are touched; hidden leftovers of a run that was killed are removed in any case.
 *
 * Throws UserError SINK_NOT_EMPTY if there are parts and `overwrite` is not set.
 */
export async function prepareOutputFolder(folder: string, overwrite: boolean): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    const names = await filesBelow(folder);
    const parts = names.filter((path) => matches(path, PART_NAME));
    if (parts.length > 0 && !overwrite) throw notEmpty(folder, parts.length);
    for (const path of [...parts, ...names.filter((name) => matches(name, IN_PROGRESS_NAME))]) await rm(path);
  } catch (thrown) {
    throw thrown instanceof UserError ? thrown : fileError(thrown, 'write', folder);
  }
}

function notEmpty(folder: string, count: number): UserError {
  const parts = count === 1 ? '1 part file' : `${count} part files`;
  return new UserError(
    'SINK_NOT_EMPTY',
    `${folder} holds ${parts} of another run. Choose another folder, or run with --overwrite to remove them.`,
    { context: { location: folder } },
  );
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function matches(path: string, name: RegExp): boolean {
  return name.test(basename(path));
}
