/**
 * Cuts the bytes of a split into blocks of whole lines and decodes each block once: one decoded megabyte and
 * `indexOf` are cheaper than one decoded string a line.
 *
 * I1  A line belongs to the split in which its first byte lies (Hadoop's TextInputFormat), so that the
 *     ranges of a file together give every line exactly once.
 * I2  Memory is bounded by LIMITS.lineBytesMax: a longer line is skipped and reported as one bad line.
 * I3  A block holds valid UTF-8. Where bytes are not UTF-8, the lines around them are delivered one by
 *     one and the bad ones are reported.
 * I4  `position` is a place from which a new LineBlocks delivers exactly what has not been delivered.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { LIMITS } from '../../core/limits.ts';
import { type ByteSource, WAIT } from './byte-source.ts';
import { rejectedBytes } from './rejected-text.ts';

/** What `next` found: a block in `text`, a line in `badLine`, nothing yet, or the end of the split. */
export type LineBlocksStatus = 'block' | 'bad-line' | 'wait' | 'end';

/** A line that cannot become text. */
export interface BadLine {
  readonly code: 'RECORD_ENCODING' | 'RECORD_TOO_LONG';
  readonly reason: string;
  readonly offset: number;
  readonly raw: string;
}

/** Where to cut; sizes are parameters for tests only. */
export interface LineBlocksOptions {
  readonly source: ByteSource;
  /** Position of the first byte that `source` answers. */
  readonly offset: number;
  /** Begin behind the first newline: `offset` is the last byte of the split before. */
  readonly skipFirst: boolean;
  readonly end: number | null;
  readonly readBytes?: number;
  readonly lineBytesMax?: number;
}

const NEWLINE = 10;

interface Discard {
  readonly offset: number;
  /** The beginning of a line to report; undefined for a line of the split before. */
  readonly head: Buffer | undefined;
}

/** See the head of the file. */
export class LineBlocks {
  /** Whole lines; the last one may lack its newline at the end of the file. */
  text = '';
  /** Position of the first character of `text`. */
  base = 0;
  /** One byte a character: positions inside the block need no counting. */
  ascii = true;
  badLine: BadLine | undefined;
  private readonly source: ByteSource;
  private readonly end: number;
  private readonly readBytes: number;
  private readonly lineBytesMax: number;
  private buffer: Buffer;
  /** The undelivered bytes are buffer[from, to). */
  private from = 0;
  private to = 0;
  /** Position of buffer[from]. */
  private offset: number;
  private ended = false;
  /** Up to here in the buffer, lines are delivered one by one. */
  private carefulTo = 0;
  private discard: Discard | undefined;

  constructor(options: LineBlocksOptions) {
    this.source = options.source;
    this.offset = options.offset;
    this.end = options.end ?? Number.POSITIVE_INFINITY;
    this.lineBytesMax = options.lineBytesMax ?? LIMITS.lineBytesMax;
    // A full buffer without a newline holds one byte more than a line may have (I2).
    this.readBytes = Math.min(options.readBytes ?? LIMITS.fileReadBytes, this.lineBytesMax + 1);
    this.buffer = Buffer.allocUnsafeSlow(this.readBytes);
    if (options.skipFirst) this.discard = { offset: options.offset + 1, head: undefined };
  }

  /** Position behind everything delivered. */
  get position(): number {
    return this.discard === undefined ? this.offset : this.discard.offset;
  }

  next(): LineBlocksStatus {
    for (;;) {
      if (this.discard !== undefined) {
        if (!this.dropLine() && !this.ended) {
          if (this.fill()) continue;
          return 'wait';
        }
        if (this.endDiscard()) return 'bad-line';
      }
      if (this.offset >= this.end) return 'end';
      const cut = this.findCut();
      if (cut > this.from) {
        if (this.deliver(cut)) return this.badLine === undefined ? 'block' : 'bad-line';
      } else if (this.ended) {
        return 'end';
      } else if (this.to - this.from > this.lineBytesMax) {
        this.beginDiscard();
      } else if (!this.fill()) {
        return 'wait';
      }
    }
  }

  /** Index behind the last whole line of the split in the buffer; `from` if there is none. */
  private findCut(): number {
    if (this.from < this.carefulTo) {
      const newline = this.lineEnd(this.from);
      return newline < 0 ? this.to : newline + 1;
    }
    if (this.offset + (this.to - this.from) >= this.end) {
      const last = this.lineEnd(this.from + (this.end - 1 - this.offset));
      if (last >= 0) return last + 1;
    }
    if (this.to === this.from) return this.from;
    const newline = this.buffer.lastIndexOf(NEWLINE, this.to - 1);
    if (this.ended) return this.to;
    return newline < this.from ? this.from : newline + 1;
  }

  private lineEnd(from: number): number {
    const newline = this.buffer.indexOf(NEWLINE, from);
    return newline < this.to ? newline : -1;
  }

  /** Decodes buffer[from, cut); false if nothing but a byte order mark was there. */
  private deliver(cut: number): boolean {
    if (this.offset === 0) this.skipByteOrderMark(cut);
    if (this.from === cut) return false;
    this.badLine = undefined;
    const bytes = this.buffer.subarray(this.from, cut);
    if (isAscii(bytes)) {
      this.text = this.buffer.toString('latin1', this.from, cut);
      this.ascii = true;
    } else if (isUtf8(bytes)) {
      this.text = this.buffer.toString('utf8', this.from, cut);
      this.ascii = false;
    } else {
      return this.deliverCarefully(cut);
    }
    this.base = this.offset;
    this.advance(cut);
    return true;
  }

  private deliverCarefully(cut: number): boolean {
    const newline = this.lineEnd(this.from);
    const lineCut = newline < 0 ? cut : newline + 1;
    if (lineCut < cut) {
      this.carefulTo = cut;
      return this.deliver(lineCut);
    }
    const line = this.buffer.subarray(this.from, newline < 0 ? cut : newline);
    const reason = 'The line is not UTF-8. Convert the file to UTF-8.';
    this.badLine = { code: 'RECORD_ENCODING', reason, offset: this.offset, raw: rejectedBytes(line) };
    this.advance(cut);
    return true;
  }

  private skipByteOrderMark(cut: number): void {
    const { buffer, from } = this;
    if (cut - from < 3 || buffer[from] !== 0xef || buffer[from + 1] !== 0xbb || buffer[from + 2] !== 0xbf)
      return;
    this.advance(from + 3);
  }

  private advance(to: number): void {
    this.offset += to - this.from;
    this.from = to;
  }

  private beginDiscard(): void {
    const kept = Math.min(this.to - this.from, LIMITS.deadLetterRawBytesMax);
    const head = Buffer.from(this.buffer.subarray(this.from, this.from + kept));
    this.discard = { offset: this.offset, head };
  }

  /** Drops bytes up to the end of the line being skipped; true when it has been found. */
  private dropLine(): boolean {
    const newline = this.lineEnd(this.from);
    this.advance(newline < 0 ? this.to : newline + 1);
    return newline >= 0;
  }

  /** True if the skipped line is one to report. */
  private endDiscard(): boolean {
    const discard = this.discard;
    this.discard = undefined;
    if (discard?.head === undefined) return false;
    const bytes = this.offset - discard.offset;
    const reason = `The line has ${bytes} bytes, more than the ${this.lineBytesMax} that a line may have.`;
    this.badLine = {
      code: 'RECORD_TOO_LONG',
      reason,
      offset: discard.offset,
      raw: rejectedBytes(discard.head),
    };
    return true;
  }

  /** Reads more bytes behind the undelivered ones; false if none are there yet. */
  private fill(): boolean {
    this.makeRoom();
    const count = this.source.read(this.buffer, this.to, this.buffer.length - this.to);
    if (count === WAIT) return false;
    if (count === 0) this.ended = true;
    this.to += count;
    return true;
  }

  private makeRoom(): void {
    const kept = this.to - this.from;
    let capacity = this.buffer.length;
    if (kept === capacity) capacity = Math.min(capacity * 2, this.lineBytesMax + 1);
    else if (kept < this.readBytes / 2) capacity = this.readBytes;
    const target = capacity === this.buffer.length ? this.buffer : Buffer.allocUnsafeSlow(capacity);
    this.buffer.copy(target, 0, this.from, this.to);
    this.buffer = target;
    this.from = 0;
    this.to = kept;
    this.carefulTo = 0;
  }
}
