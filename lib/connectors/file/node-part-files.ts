import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from './file-error.ts';
import type { PartFiles } from './part-files.ts';

/** Systems that cannot open or sync a folder answer one of these; there the file system keeps the names. */
const FOLDER_NOT_SYNCED: ReadonlySet<string> = new Set(['EISDIR', 'EINVAL', 'EPERM', 'EACCES', 'ENOTSUP']);

/** The files of this machine. */
export const nodePartFiles: PartFiles = {
  makeFolder: (path) => void mkdirSync(path, { recursive: true }),
  exists: existsSync,
  size: (path) => statSync(path, { throwIfNoEntry: false })?.size,
  create: (path) => writeFileSync(path, '', { flag: 'wx' }),
  append(path, length, data) {
    if (!existsSync(path)) return false;
    const descriptor = openSync(path, constants.O_WRONLY | constants.O_APPEND);
    try {
      if (fstatSync(descriptor).size !== length) return false;
      writeFileSync(descriptor, data);
      return true;
    } finally {
      closeSync(descriptor);
    }
  },
  truncate: truncateSync,
  remove: (path) => rmSync(path, { force: true }),
  async sync(path) {
    const file = await open(path, 'r+');
    await file.sync().finally(() => file.close());
  },
  async syncFolder(path) {
    try {
      const folder = await open(path, 'r');
      await folder.sync().finally(() => folder.close());
    } catch (thrown) {
      if (!FOLDER_NOT_SYNCED.has(errnoOf(thrown))) throw thrown;
    }
  },
  rename,
  async list(folder) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  },
};
