/** A growing run of bytes; numbers of several bytes are big-endian, as MessagePack has them. */

const INITIAL_BYTES = 1024;
/** Below this length a string is written character by character: cheaper than a call into the engine. */
const SHORT_STRING = 48;

export class ByteWriter {
  #bytes: Buffer;
  #view: DataView;
  #length = 0;

  constructor(initialBytes = INITIAL_BYTES) {
    this.#bytes = Buffer.allocUnsafeSlow(initialBytes);
    this.#view = viewOf(this.#bytes);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  u16(value: number): void {
    this.#reserve(2);
    this.#view.setUint16(this.#length, value);
    this.#length += 2;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value);
    this.#length += 4;
  }

  i16(value: number): void {
    this.u16(value & 0xffff);
  }

  i32(value: number): void {
    this.u32(value >>> 0);
  }

  f64(value: number): void {
    this.#reserve(8);
    // The bits of a NaN are not specified: one is written.
    if (!Number.isNaN(value)) this.#view.setFloat64(this.#length, value);
    else this.#view.setBigUint64(this.#length, 0x7ff8000000000000n);
    this.#length += 8;
  }

  i64(value: bigint): void {
    this.#reserve(8);
    this.#view.setBigInt64(this.#length, value);
    this.#length += 8;
  }

  /** A whole number from 0 to 2^53 - 1: seven bits to a byte, the lowest first. */
  varint(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = rest < 0x80000000 ? rest >>> 7 : Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /**
   * Writes a short ASCII string behind a byte that is `tag` plus its length; false, and nothing is written,
   * if the string is longer than `longest` or not ASCII.
   */
  taggedAscii(text: string, tag: number, longest: number): boolean {
    const count = text.length;
    if (count > longest) return false;
    this.#reserve(count + 1);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = tag + count;
    for (let i = 0; i < count; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      bytes[at++] = code;
    }
    this.#length = at;
    return true;
  }

  /** UTF-8 of a well-formed string whose length in bytes the caller knows. */
  utf8(text: string, byteLength: number): void {
    this.#reserve(byteLength);
    if (byteLength === text.length && byteLength < SHORT_STRING) {
      for (let i = 0; i < byteLength; i++) this.#bytes[this.#length + i] = text.charCodeAt(i);
    } else {
      this.#bytes.write(text, this.#length, byteLength, 'utf8');
    }
    this.#length += byteLength;
  }

  /** Moves what was written from `start` on by `by` bytes, to make room for a header known only now. */
  shift(start: number, by: number): void {
    this.#reserve(by);
    this.#bytes.copyWithin(start + by, start, this.#length);
    this.#length += by;
  }

  setU8(position: number, value: number): void {
    this.#bytes[position] = value;
  }

  setU16(position: number, value: number): void {
    this.#view.setUint16(position, value);
  }

  setU32(position: number, value: number): void {
    this.#view.setUint32(position, value);
  }

  /** What was written, in memory of its own. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes.subarray(0, this.#length));
  }

  /** What was written, valid until the next write. */
  peek(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = viewOf(grown);
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
