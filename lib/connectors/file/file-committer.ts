import { dirname } from 'node:path';
import type { CommitRequest, Committer } from '../../core/connector.ts';
import { UserError } from '../../core/errors.ts';
import { errnoOf, fileError } from './file-error.ts';
import type { PartFiles } from './part-files.ts';
import { type FileCommittable, hiddenPath, visiblePath } from './part-name.ts';

/**
 * Makes parts visible: their bytes are on the device already, now they get their names, then the folders go
 * to the device. Committing twice does no harm.
 */
export class FileCommitter implements Committer<FileCommittable> {
  private readonly files: PartFiles;
  private readonly folder: string;

  constructor(files: PartFiles, folder: string) {
    this.files = files;
    this.folder = folder;
  }

  async commit(requests: readonly CommitRequest<FileCommittable>[]): Promise<void> {
    const folders = new Set<string>();
    for (const { committable } of requests) {
      const { part } = committable;
      await this.publish(part);
      folders.add(dirname(visiblePath(this.folder, part)));
    }
    // The new names survive a power cut only when the folder is on the device too.
    for (const folder of folders) await this.syncFolder(folder);
  }

  private async publish(part: string): Promise<void> {
    const { files, folder } = this;
    const path = visiblePath(folder, part);
    const hidden = hiddenPath(folder, part);
    try {
      // A rename would replace what lies there.
      if (files.exists(path) && files.exists(hidden)) throw taken(path, hidden);
      await files.rename(hidden, path);
    } catch (thrown) {
      if (thrown instanceof UserError) throw thrown;
      if (errnoOf(thrown) !== 'ENOENT') throw fileError(thrown, 'write', path);
      if (!files.exists(path)) throw disappeared(path, hidden, thrown);
    }
  }

  private async syncFolder(folder: string): Promise<void> {
    try {
      await this.files.syncFolder(folder);
    } catch (thrown) {
      throw fileError(thrown, 'write', folder);
    }
  }
}

function taken(path: string, hidden: string): UserError {
  return new UserError(
    'SINK_INVALID',
    `${path} was written by somebody else while ${hidden} was about to get this name. Give each sink a ` +
      'folder of its own, move that file away and run the job again.',
    { context: { location: path } },
  );
}

function disappeared(path: string, hidden: string, cause: unknown): UserError {
  return new UserError(
    'SINK_INVALID',
    `${hidden} has disappeared before it could become ${path}, or the latter was removed at once. Somebody ` +
      'removed it: put one of them back, or run the job from the beginning.',
    { cause, context: { location: path } },
  );
}
