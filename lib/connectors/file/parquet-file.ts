import { type FileHandle, open } from 'node:fs/promises';
import type { AsyncBuffer, FileMetaData } from 'hyparquet';
import { isStreamError } from '../../core/errors.ts';
import { contentError, fileError } from './file-error.ts';
import type { ReadableFile } from './file-split.ts';

/** An open Parquet file with its metadata. */
export interface ParquetFile {
  /** For people. */
  readonly path: string;
  readonly bytes: AsyncBuffer;
  readonly metadata: FileMetaData;
  close(): Promise<void>;
}

/** Opens a Parquet file and reads its metadata. Throws UserError SOURCE_INVALID if it is not one. */
export async function openParquetFile({ path, name }: ReadableFile): Promise<ParquetFile> {
  const { parquetMetadataAsync } = await import('hyparquet');
  const handle = await openToRead({ path, name });
  try {
    const bytes: AsyncBuffer = {
      byteLength: (await handle.stat()).size,
      slice: (start, end) => readRange(handle, { path: name, start, end: end ?? bytes.byteLength }),
    };
    if (bytes.byteLength < 12)
      throw contentError(name, `has ${bytes.byteLength} bytes and is not a Parquet file`);
    const metadata = await parquetMetadataAsync(bytes, { geoparquet: false });
    return { path: name, bytes, metadata, close: () => handle.close() };
  } catch (thrown) {
    await handle.close();
    throw parquetError(name, thrown);
  }
}

/** Number of rows of each row group of a Parquet file. */
export async function rowGroupRows(path: string): Promise<number[]> {
  const file = await openParquetFile({ path, name: path });
  try {
    return file.metadata.row_groups.map((group) => Number(group.num_rows));
  } finally {
    await file.close();
  }
}

/** What to throw for anything that went wrong while a Parquet file was read. */
export function parquetError(path: string, thrown: unknown): unknown {
  return isStreamError(thrown) ? thrown : contentError(path, 'cannot be read as a Parquet file', thrown);
}

async function openToRead({ path, name }: ReadableFile): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (thrown) {
    throw fileError(thrown, 'read', name);
  }
}

interface ByteRange {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

async function readRange(handle: FileHandle, { path, start, end }: ByteRange): Promise<ArrayBuffer> {
  const target = new Uint8Array(Math.max(0, end - start));
  let filled = 0;
  while (filled < target.length) {
    const { bytesRead } = await readAt(handle, target, { path, filled, start });
    if (bytesRead === 0) throw contentError(path, `ends before byte ${end}, which its metadata point to`);
    filled += bytesRead;
  }
  return target.buffer;
}

async function readAt(
  handle: FileHandle,
  target: Uint8Array,
  place: { readonly path: string; readonly filled: number; readonly start: number },
): Promise<{ bytesRead: number }> {
  const { path, filled, start } = place;
  try {
    return await handle.read(target, filled, target.length - filled, start + filled);
  } catch (thrown) {
    throw fileError(thrown, 'read', path);
  }
}
