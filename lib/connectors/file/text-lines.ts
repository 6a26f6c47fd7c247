import type { RejectedRecord } from '../../core/connector.ts';
import { type ByteSource, type Compression, compressionOf } from './byte-source.ts';
import { DecompressedBytes } from './decompressed-bytes.ts';
import { type FileSplit, fileOf } from './file-split.ts';
import { type BadLine, LineBlocks, type LineBlocksStatus } from './line-blocks.ts';
import { PlainBytes } from './plain-bytes.ts';
import { rejectedText } from './rejected-text.ts';

/** How the bytes of a text file are read. */
export interface TextOptions {
  readonly compression: Compression | 'auto';
  /** For tests only: small chunks and lines. */
  readonly readBytes?: number;
  readonly lineBytesMax?: number;
}

/**
 * The lines of one split of a text file with their positions: bytes, lines and the words for both.
 *
 * Its reader walks through `text` by index and keeps `cursor` and `lines` up to date.
 */
export class TextLines {
  /** The current block of lines; see LineBlocks. */
  text = '';
  /** Index in `text` behind the last record emitted or rejected. */
  cursor = 0;
  /** Lines before `cursor` that this object has seen. */
  lines = 0;
  private readonly split: FileSplit;
  /** Position of the first character of `text`. */
  private base = 0;
  private ascii = true;
  private readonly bytes: ByteSource;
  private readonly blocks: LineBlocks;

  constructor(split: FileSplit, options: TextOptions) {
    const { path, start, offset, end } = split;
    const compression = compressionOf(path, options.compression);
    // Whether the line at `start` begins there is known from the byte before it.
    const skipFirst = offset === start && start > 0;
    const from = skipFirst ? offset - 1 : offset;
    this.split = split;
    const file = fileOf(split);
    this.bytes =
      compression === 'none' ? new PlainBytes(file, from) : new DecompressedBytes(file, compression, from);
    const { readBytes, lineBytesMax } = options;
    const sizes = { ...(readBytes && { readBytes }), ...(lineBytesMax && { lineBytesMax }) };
    this.blocks = new LineBlocks({ source: this.bytes, offset: from, skipFirst, end, ...sizes });
  }

  /** Brings the next block into `text`; call it when all of `text` has been read. */
  next(): LineBlocksStatus {
    const { blocks } = this;
    const status = blocks.next();
    this.text = status === 'block' ? blocks.text : '';
    this.cursor = 0;
    this.base = blocks.base;
    this.ascii = blocks.ascii;
    return status;
  }

  /** Puts the next block behind the rest of `text`, which nothing but a block changes. */
  append(): LineBlocksStatus {
    const { blocks, cursor } = this;
    const base = this.byteAt(cursor);
    const status = blocks.next();
    if (status !== 'block') return status;
    const rest = this.text.slice(cursor);
    this.text = rest + blocks.text;
    this.cursor = 0;
    this.base = rest === '' ? blocks.base : base;
    this.ascii = blocks.ascii && (rest === '' || this.ascii);
    return status;
  }

  /** The bad line that `next` has just answered, as a dead letter. */
  takeBadLine(): RejectedRecord {
    // `next` answers 'bad-line' only after it has set badLine.
    const { code, reason, offset, raw } = this.blocks.badLine as BadLine;
    const position = this.describe(this.lines, offset);
    this.lines += 1;
    return { code, reason, position, raw };
  }

  /** A dead letter for text[from, to), which begins behind `lines` lines. */
  rejected(
    record: { readonly code: string; readonly reason: string },
    place: { readonly from: number; readonly to: number; readonly lines: number },
  ): RejectedRecord {
    const position = this.describe(place.lines, this.byteAt(place.from));
    return { ...record, position, raw: rejectedText(this.text.slice(place.from, place.to)) };
  }

  /** `path:line (byte N)` of the line at `index` of `text`, which stands behind `lines` lines. */
  positionAt(index: number, lines: number): string {
    return this.describe(lines, this.byteAt(index));
  }

  /** Byte position in the file of `index` of `text`. */
  byteAt(index: number): number {
    return this.base + (this.ascii ? index : Buffer.byteLength(this.text.slice(0, index)));
  }

  /** The split with the position of `cursor`. */
  snapshot(): FileSplit {
    const { split, blocks } = this;
    const offset = this.cursor < this.text.length ? this.byteAt(this.cursor) : blocks.position;
    return { ...split, offset, line: split.line === null ? null : split.line + this.lines };
  }

  isAvailable(): Promise<void> {
    return this.bytes.isAvailable();
  }

  close(): Promise<void> {
    return this.bytes.close();
  }

  private describe(lines: number, offset: number): string {
    const { path, line } = this.split;
    return line === null ? `${path} (byte ${offset})` : `${path}:${line + lines + 1} (byte ${offset})`;
  }
}
