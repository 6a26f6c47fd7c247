import type { SourceSplit } from '../../core/connector.ts';

/**
 * A file, or a range of one, with the position already reached. Plain data.
 *
 * Units  text formats count bytes (decompressed ones if the file is compressed), Parquet counts rows.
 */
export interface FileSplit extends SourceSplit {
  /** As the user wrote it or as the glob found it: relative to the working directory, or absolute. */
  readonly path: string;
  /** Where the bytes of `path` lie, if not there. */
  readonly copy?: string;
  /** A line belongs to the range in which its first byte lies. */
  readonly start: number;
  /** First position behind the range; null for the end of the file. */
  readonly end: number | null;
  /** Position behind the last record emitted. */
  readonly offset: number;
  /** Lines that stand before `offset`; null where nobody counted, that is in a range that begins mid-file. */
  readonly line: number | null;
  /** Names of the CSV columns, once the header has been read. */
  readonly columns: readonly string[] | null;
}

/** A split of `path` that nobody has begun to read. */
export function newSplit(
  path: string,
  range?: { readonly start: number; readonly end: number | null },
): FileSplit {
  const start = range?.start ?? 0;
  const end = range?.end ?? null;
  const whole = start === 0 && end === null;
  return {
    splitId: whole ? path : `${path}#${start}-${end ?? ''}`,
    path,
    start,
    end,
    offset: start,
    line: start === 0 ? 0 : null,
    columns: null,
  };
}

/** A file that is there to be read. */
export interface ReadableFile {
  readonly path: string;
  /** For people. */
  readonly name: string;
}

export function fileOf({ path, copy = path }: FileSplit): ReadableFile {
  return { path: copy, name: path };
}
