/// <reference path="./parquet-lz4.d.ts" />
/** Decompressors of Parquet pages: those of Node where it has them, they are fast and need no code. */
import { brotliDecompressSync, gunzipSync, inflateRawSync } from 'node:zlib';
import { decompress as decompressZstd } from 'fzstd';
import type { Compressors } from 'hyparquet';
import { decompressLz4, decompressLz4Raw } from 'hyparquet-compressors/src/lz4.js';
import { snappyUncompressor } from 'hysnappy';

/** By the codec that a column names. A page that holds more than its header says is an error. */
export const compressors: Compressors = {
  SNAPPY: snappyUncompressor(),
  GZIP: (page, length) => bounded(isGzip(page) ? gunzipSync : inflateRawSync, page, length),
  BROTLI: (page, length) => bounded(brotliDecompressSync, page, length),
  // That of Node ends after the first frame of a page.
  ZSTD: (page) => decompressZstd(page),
  LZ4: decompressLz4,
  LZ4_RAW: decompressLz4Raw,
};

type Decompress = (page: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array;

function bounded(decompress: Decompress, page: Uint8Array, length: number): Uint8Array {
  // A page of nulls has no values, and some writers leave nothing of them to decompress.
  if (page.length === 0) return page;
  return decompress(page, { maxOutputLength: Math.max(length, 1) });
}

/** Some writers leave out the header. */
function isGzip(page: Uint8Array): boolean {
  return page[0] === 0x1f && page[1] === 0x8b;
}
