/**
 * Reads canonical keys back: the inverse of `encodeKey` up to equality of keys.
 *
 * −0 comes back as 0, and the properties of an object come back in the order of their names.
 */
import { KEY_TAG } from './key.ts';

/** Characters that are turned into a string at once: an argument list has an end. */
const CODES_PER_CALL = 4096;

const scratch = new DataView(new ArrayBuffer(8));

/** Keys one behind the other, each self-delimiting. Throws RangeError for bytes that no key has. */
export class KeyReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  read(): unknown {
    const tag = this.#byte();
    switch (tag) {
      case KEY_TAG.false:
        return false;
      case KEY_TAG.true:
        return true;
      case KEY_TAG.number:
        return this.#double();
      case KEY_TAG.bigint:
        return this.#bigint();
      case KEY_TAG.string:
        return this.#string();
      case KEY_TAG.date:
        return new Date(this.#double());
      case KEY_TAG.tuple:
        return this.#tuple();
      case KEY_TAG.object:
        return this.#object();
      default:
        throw new RangeError(`no key begins with the byte ${tag}`);
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new RangeError('the key has no end');
    return byte;
  }

  #double(): number {
    const first = this.#byte();
    const mask = first & 0x80 ? 0 : 0xff;
    scratch.setUint8(0, first ^ (mask | 0x80));
    for (let i = 1; i < 8; i++) scratch.setUint8(i, this.#byte() ^ mask);
    return scratch.getFloat64(0);
  }

  #bigint(): bigint {
    const negative = this.#byte() === 0;
    const mask = negative ? 0xff : 0;
    let length = 0;
    for (let i = 0; i < 4; i++) length = length * 256 + (this.#byte() ^ mask);
    if (length > this.remaining) throw new RangeError('the key has no end');
    let hex = '';
    for (let i = 0; i < length; i++) hex += (this.#byte() ^ mask).toString(16).padStart(2, '0');
    const magnitude = length === 0 ? 0n : BigInt(`0x${hex}`);
    return negative ? -magnitude : magnitude;
  }

  #string(): string {
    let text = '';
    let codes: number[] = [];
    for (;;) {
      const byte = this.#byte();
      if (byte === 0 && this.#byte() === 1) break;
      codes.push(byte < 0x80 ? byte : this.#codePoint(byte));
      if (codes.length < CODES_PER_CALL) continue;
      text += String.fromCodePoint(...codes);
      codes = [];
    }
    return text + String.fromCodePoint(...codes);
  }

  /** `first` begins a sequence of two to four bytes. */
  #codePoint(first: number): number {
    const more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    let code = first & (0x3f >> more);
    for (let i = 0; i < more; i++) code = (code << 6) | (this.#byte() & 0x3f);
    return code;
  }

  #tuple(): unknown[] {
    const items: unknown[] = [];
    while (!this.#atEnd()) items.push(this.read());
    return items;
  }

  #object(): Record<string, unknown> {
    const properties: [string, unknown][] = [];
    while (!this.#atEnd()) properties.push([String(this.read()), this.read()]);
    // Not by assignment: the name of a property may be __proto__.
    return Object.fromEntries(properties);
  }

  #atEnd(): boolean {
    if (this.#bytes[this.#at] !== KEY_TAG.end) return false;
    this.#at++;
    return true;
  }
}

/** The key whose bytes `encodeKey` wrote. Throws RangeError for others. */
export function decodeKey(bytes: Uint8Array): unknown {
  const reader = new KeyReader(bytes);
  const key = reader.read();
  if (reader.remaining > 0) throw new RangeError(`${reader.remaining} bytes behind the key`);
  return key;
}
