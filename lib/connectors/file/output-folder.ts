import { basename } from 'node:path';
import { UserError } from '../../core/errors.ts';
import { fileError } from './file-error.ts';
import type { PartFiles } from './part-files.ts';
import { foldersAbove, IN_PROGRESS_NAME, PART_NAME } from './part-name.ts';

/**
 * Makes the folder of a sink ready: it exists and holds no part of another run. Only files with the names
 * of parts are touched; hidden leftovers of a run that was killed are removed in any case.
 *
 * Throws UserError SINK_NOT_EMPTY if there are parts and `overwrite` is not set.
 */
export async function prepareOutputFolder(
  files: PartFiles,
  folder: string,
  overwrite: boolean,
): Promise<void> {
  try {
    await makeFolder(files, folder);
    const names = await files.list(folder);
    const parts = names.filter((path) => matches(path, PART_NAME));
    if (parts.length > 0 && !overwrite) throw notEmpty(folder, parts.length);
    for (const path of [...parts, ...names.filter((name) => matches(name, IN_PROGRESS_NAME))]) {
      files.remove(path);
    }
  } catch (thrown) {
    throw thrown instanceof UserError ? thrown : fileError(thrown, 'write', folder);
  }
}

/** What the writers of a run that goes on know of their folder. */
export interface OwnParts {
  readonly hiddenPaths: ReadonlySet<string>;
  /** No visible part of a subtask has this number or a higher one. */
  readonly nextNumberOf: (subtask: number) => number;
}

/**
 * Removes the hidden parts in the folder of a run that goes on which no commit speaks of.
 *
 * Throws UserError SINK_NOT_EMPTY if the folder holds a visible part that this run cannot have written.
 */
export async function recoverOutputFolder(files: PartFiles, folder: string, own: OwnParts): Promise<void> {
  try {
    await makeFolder(files, folder);
    const names = await files.list(folder);
    const foreign = names.filter((path) => isForeign(path, own));
    if (foreign.length > 0) throw notOwn(folder, foreign);
    for (const path of names) {
      if (matches(path, IN_PROGRESS_NAME) && !own.hiddenPaths.has(path)) files.remove(path);
    }
  } catch (thrown) {
    throw thrown instanceof UserError ? thrown : fileError(thrown, 'write', folder);
  }
}

/** A folder that is there may have been made by an attempt that was killed before it could sync anything. */
async function makeFolder(files: PartFiles, folder: string): Promise<void> {
  files.makeFolder(folder);
  for (const above of foldersAbove(folder)) await files.syncFolder(above);
}

function isForeign(path: string, { nextNumberOf }: OwnParts): boolean {
  const [, subtask, number] = PART_NAME.exec(basename(path)) ?? [];
  return number !== undefined && Number(number) >= nextNumberOf(Number(subtask));
}

function notEmpty(folder: string, count: number): UserError {
  const parts = count === 1 ? '1 part file' : `${count} part files`;
  return new UserError(
    'SINK_NOT_EMPTY',
    `${folder} holds ${parts} of another run. Choose another folder, or run with --overwrite to remove them.`,
    { context: { location: folder } },
  );
}

/** (I16) To overwrite is no way out here: the job would lack the rows of parts that are its own. */
function notOwn(folder: string, foreign: readonly string[]): UserError {
  const parts = foreign.length === 1 ? '1 part file' : `${foreign.length} part files`;
  return new UserError(
    'SINK_NOT_EMPTY',
    `${folder} holds ${parts} of which the state of the job knows nothing, for example ${foreign[0]}: ` +
      'either another run writes to this folder, or the state is an old copy, older than the output. Move ' +
      'away what is not of this job, bring back state and output of one moment, or start over with --fresh ' +
      '--overwrite.',
    { context: { location: folder } },
  );
}

function matches(path: string, name: RegExp): boolean {
  return name.test(basename(path));
}
