import { basename, dirname, join } from 'node:path';

/** A finished part that nobody sees yet: it becomes visible by getting its name. */
export interface FileCommittable {
  /** Path below the folder of the sink, for example `2024-01-31/part-0-7.ndjson`. */
  readonly part: string;
}

/** Names of visible parts. */
export const PART_NAME = /^part-(\d+)-(\d+)\.(ndjson|csv|parquet)$/;
/** Names of parts that are being written. */
export const IN_PROGRESS_NAME = /^\.part-\d+-\d+\.(ndjson|csv|parquet)\.inprogress$/;

/** Path of a part once it is committed. */
export function visiblePath(folder: string, part: string): string {
  return join(folder, part);
}

/** Path of a part while it is written. */
export function hiddenPath(folder: string, part: string): string {
  const path = join(folder, part);
  return join(dirname(path), `.${basename(path)}.inprogress`);
}

/** The folders above a path, the nearest first, up to `.` or the root. */
export function foldersAbove(path: string): readonly string[] {
  const above = dirname(path);
  return above === path ? [] : [above, ...foldersAbove(above)];
}

/** The part for which the rows of a chunk of the state wait. */
export function partOf(chunkId: string): string {
  return chunkId.slice(0, chunkId.lastIndexOf('#'));
}

/** The bucket of a part; empty for the folder of the sink itself. */
export function bucketOf(part: string): string {
  return part.includes('/') ? part.slice(0, part.lastIndexOf('/')) : '';
}
