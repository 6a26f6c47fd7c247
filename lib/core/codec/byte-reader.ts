/** Reads what ByteWriter wrote. A read past the end throws a RangeError; the envelope names the object. */

/** Up to this length a string is put together character by character, if it is ASCII. */
const SHORT_STRING = 16;

export class ByteReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get position(): number {
    return this.#position;
  }

  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  u8(): number {
    const value = this.#bytes[this.#position];
    if (value === undefined) throw new RangeError('the data ends too early');
    this.#position++;
    return value;
  }

  i8(): number {
    return (this.u8() << 24) >> 24;
  }

  u16(): number {
    const value = this.#view.getUint16(this.#position);
    this.#position += 2;
    return value;
  }

  i16(): number {
    return (this.u16() << 16) >> 16;
  }

  u32(): number {
    const value = this.#view.getUint32(this.#position);
    this.#position += 4;
    return value;
  }

  i32(): number {
    return this.u32() | 0;
  }

  f32(): number {
    const value = this.#view.getFloat32(this.#position);
    this.#position += 4;
    return value;
  }

  f64(): number {
    const value = this.#view.getFloat64(this.#position);
    this.#position += 8;
    return value;
  }

  i64(): bigint {
    const value = this.#view.getBigInt64(this.#position);
    this.#position += 8;
    return value;
  }

  u64(): bigint {
    return BigInt.asUintN(64, this.i64());
  }

  varint(): number {
    let value = 0;
    let unit = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
      unit *= 0x80;
    }
  }

  /** Number of things that follow, each of which takes at least one byte: never more than there are bytes. */
  count(value: number = this.varint()): number {
    if (value > this.remaining) throw new RangeError(`${value} parts are announced in too few bytes`);
    return value;
  }

  /** A part of the data, not copied. */
  view(length: number): Uint8Array {
    const start = this.#position;
    this.#position += this.count(length);
    return this.#bytes.subarray(start, this.#position);
  }

  /** A part of the data in memory of its own. */
  copy(length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.view(length));
  }

  utf8(length: number): string {
    const start = this.#position;
    const end = start + this.count(length);
    this.#position = end;
    if (length > SHORT_STRING) return this.#bytes.toString('utf8', start, end);
    let text = '';
    for (let i = start; i < end; i++) {
      const byte = this.#bytes[i]!;
      if (byte > 0x7f) return this.#bytes.toString('utf8', start, end);
      text += String.fromCharCode(byte);
    }
    return text;
  }
}
