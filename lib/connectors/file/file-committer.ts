import { existsSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Committer } from '../../core/connector.ts';
import { UserError } from '../../core/errors.ts';
import { errnoOf, fileError } from './file-error.ts';
import type { FileCommittable } from './part-file.ts';

/**
 * Makes parts visible: bytes to the device first, then the name, then the folder. Committing twice does no
 * harm.
 */
export class FileCommitter implements Committer<FileCommittable> {
  async commit(committables: readonly FileCommittable[]): Promise<void> {
    const folders = new Set<string>();
    for (const committable of committables) {
      await publish(committable);
      folders.add(dirname(committable.path));
    }
    for (const folder of folders) await syncFolder(folder);
  }
}

async function publish({ inProgressPath, path }: FileCommittable): Promise<void> {
  try {
    await sync(inProgressPath);
    await rename(inProgressPath, path);
  } catch (thrown) {
    if (errnoOf(thrown) !== 'ENOENT') throw fileError(thrown, 'write', path);
    if (existsSync(path)) return;
    throw new UserError(
      'SINK_INVALID',
      `${inProgressPath} has disappeared before it could become ${path}. ` +
        'Somebody removed it: run the job again.',
      { cause: thrown, context: { location: path } },
    );
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The new names survive a power cut only when the folder is on the device too. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    await folder.sync().finally(() => folder.close());
  } catch (thrown) {
    // Some systems cannot open or sync folders; there the file system looks after the names.
    if (!['EISDIR', 'EINVAL', 'EPERM', 'EACCES', 'ENOTSUP'].includes(errnoOf(thrown))) {
      throw fileError(thrown, 'write', path);
    }
  }
}
