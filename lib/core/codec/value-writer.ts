/**
 * Writes values as MessagePack.
 *
 * 1. Every legal value of state comes back exactly: −0, NaN, undefined members, holes, lone surrogates, the
 *    order of properties. What MessagePack does not know is an extension (value-extension.ts).
 * 2. A property name is a string where a message uses it first and its number from then on: the table of
 *    names travels inside, nothing is shared between messages.
 * 3. A reference that occurs twice is written twice; a cycle is refused.
 * 4. Equal values in equal order give equal bytes: every header is the shortest one that fits.
 *
 * The library keeps its own writer because state is kept for years: its bytes may not depend on registries
 * that other code in the process can change, nor on the release of a dependency.
 */
import { InvariantError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { assertStateValue } from '../state-value.ts';
import type { ByteWriter } from './byte-writer.ts';
import { EXTENSION, EXTENSION_BY_PROTOTYPE, NAMES_MAX } from './value-extension.ts';

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

export class ValueWriter {
  readonly #out: ByteWriter;
  readonly #where: () => string;
  readonly #names = new Map<string, number>();
  #root: unknown;
  #depth = 0;

  /** `where` names the place in errors, for example `The state of operator 'total'`. */
  constructor(out: ByteWriter, where: () => string) {
    this.#out = out;
    this.#where = where;
  }

  /** Throws UserError STATE_VALUE_INVALID for anything that is not data. */
  write(value: unknown): void {
    this.#root = value;
    this.#depth = 0;
    this.#value(value);
  }

  #value(value: unknown): void {
    switch (typeof value) {
      case 'number':
        this.#number(value);
        break;
      case 'string':
        this.#string(value);
        break;
      case 'object':
        if (value === null) this.#out.u8(0xc0);
        else this.#object(value);
        break;
      case 'boolean':
        this.#out.u8(value ? 0xc3 : 0xc2);
        break;
      case 'undefined':
        this.#out.u16(0xd400);
        this.#out.u8(0);
        break;
      case 'bigint':
        this.#bigint(value);
        break;
      default:
        this.#refuse();
    }
  }

  #number(value: number): void {
    if (value >= 0 && value <= 0xffffffff && value >>> 0 === value && !Object.is(value, -0)) {
      this.#uint(value);
    } else if (value < 0 && value >= -0x80000000 && (value | 0) === value) {
      this.#negative(value);
    } else {
      this.#out.u8(0xcb);
      this.#out.f64(value);
    }
  }

  #uint(value: number): void {
    const out = this.#out;
    if (value < 0x80) out.u8(value);
    else if (value < 0x100) out.u16(0xcc00 | value);
    else if (value < 0x10000) {
      out.u8(0xcd);
      out.u16(value);
    } else {
      out.u8(0xce);
      out.u32(value);
    }
  }

  #negative(value: number): void {
    const out = this.#out;
    if (value >= -0x20) out.u8(0x100 + value);
    else if (value >= -0x80) out.u16(0xd000 | (value & 0xff));
    else if (value >= -0x8000) {
      out.u8(0xd1);
      out.i16(value);
    } else {
      out.u8(0xd2);
      out.i32(value);
    }
  }

  #bigint(value: bigint): void {
    const out = this.#out;
    if (value >= INT64_MIN && value <= INT64_MAX) {
      out.u8(0xd3);
      out.i64(value);
    } else if (value > 0n && value <= UINT64_MAX) {
      out.u8(0xcf);
      out.i64(BigInt.asIntN(64, value));
    } else {
      const hex = (value < 0n ? -value : value).toString(16);
      const magnitude = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
      this.#extensionHeader(EXTENSION.bigint, magnitude.length + 1);
      out.u8(value < 0n ? 1 : 0);
      out.bytes(magnitude);
    }
  }

  #string(text: string): void {
    const out = this.#out;
    if (out.taggedAscii(text, 0xa0, 31)) return;
    if (!text.isWellFormed()) {
      this.#extensionHeader(EXTENSION.utf16, text.length * 2);
      for (let i = 0; i < text.length; i++) out.u16(text.charCodeAt(i));
      return;
    }
    const length = Buffer.byteLength(text, 'utf8');
    if (length < 32) out.u8(0xa0 | length);
    else if (length < 0x100) out.u16(0xd900 | length);
    else if (length < 0x10000) {
      out.u8(0xda);
      out.u16(length);
    } else {
      out.u8(0xdb);
      out.u32(length);
    }
    out.utf8(text, length);
  }

  #object(value: object): void {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) {
      this.#enter();
      // An object of this prototype is read by its own names only.
      this.#properties(value as Record<string, unknown>, Object.keys(value));
      this.#depth--;
    } else if (prototype === Array.prototype && Array.isArray(value)) {
      this.#enter();
      this.#array(value);
      this.#depth--;
    } else {
      this.#special(value, prototype);
    }
  }

  #properties(object: Readonly<Record<string, unknown>>, names: readonly string[]): void {
    this.#sized(names.length, 0x80, 0xde);
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      const number = this.#names.get(name);
      if (number === undefined) {
        if (this.#names.size < NAMES_MAX) this.#names.set(name, this.#names.size);
        this.#string(name);
      } else {
        this.#uint(number);
      }
      this.#value(object[name]);
    }
  }

  #array(array: readonly unknown[]): void {
    if (hasHoles(array)) {
      const start = this.#begin();
      this.#number(array.length);
      for (const index of Object.keys(array)) {
        const item = Number(index);
        if (item >>> 0 !== item || String(item) !== index) continue;
        this.#number(item);
        this.#value(array[item]);
      }
      this.#end(start, EXTENSION.sparseArray);
      return;
    }
    this.#sized(array.length, 0x90, 0xdc);
    for (let i = 0; i < array.length; i++) this.#value(array[i]);
  }

  #special(value: object, prototype: unknown): void {
    if (value instanceof Date && prototype === Date.prototype) {
      this.#extensionHeader(EXTENSION.date, 8);
      this.#out.f64(value.getTime());
    } else if (value instanceof Map && prototype === Map.prototype) {
      this.#map(value);
    } else if (value instanceof Set && prototype === Set.prototype) {
      this.#enter();
      const start = this.#begin();
      for (const item of value) this.#value(item);
      this.#end(start, EXTENSION.set);
      this.#depth--;
    } else if (prototype === null) {
      this.#enter();
      const start = this.#begin();
      this.#properties(value as Record<string, unknown>, Object.keys(value));
      this.#end(start, EXTENSION.nullPrototype);
      this.#depth--;
    } else {
      this.#binary(value, prototype);
    }
  }

  #map(map: ReadonlyMap<unknown, unknown>): void {
    this.#enter();
    const start = this.#begin();
    for (const [key, item] of map) {
      this.#value(key);
      this.#value(item);
    }
    this.#end(start, EXTENSION.map);
    this.#depth--;
  }

  #binary(value: object, prototype: unknown): void {
    if (value instanceof ArrayBuffer && prototype === ArrayBuffer.prototype) {
      this.#extensionHeader(EXTENSION.arrayBuffer, value.byteLength);
      this.#out.bytes(new Uint8Array(value));
    } else if (!ArrayBuffer.isView(value)) {
      this.#refuse();
    } else {
      const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
      const extension = EXTENSION_BY_PROTOTYPE.get(prototype);
      if (extension !== undefined) this.#extensionHeader(extension, bytes.length);
      else if (prototype === Uint8Array.prototype) this.#binaryHeader(bytes.length);
      else this.#refuse();
      this.#out.bytes(bytes);
    }
  }

  #binaryHeader(length: number): void {
    const out = this.#out;
    if (length < 0x100) out.u16(0xc400 | length);
    else if (length < 0x10000) {
      out.u8(0xc5);
      out.u16(length);
    } else {
      out.u8(0xc6);
      out.u32(length);
    }
  }

  /** Header of a map or array: `short` plus up to 15, or `long` for 16 bits, the code after it for 32. */
  #sized(length: number, short: number, long: number): void {
    const out = this.#out;
    if (length < 16) out.u8(short | length);
    else if (length < 0x10000) {
      out.u8(long);
      out.u16(length);
    } else {
      out.u8(long + 1);
      out.u32(length);
    }
  }

  #extensionHeader(extension: number, length: number): void {
    const out = this.#out;
    if (length < 0x100) out.u16(0xc700 | length);
    else if (length < 0x10000) {
      out.u8(0xc8);
      out.u16(length);
    } else {
      out.u8(0xc9);
      out.u32(length);
    }
    out.u8(extension);
  }

  /** Starts an extension whose length is not known yet. */
  #begin(): number {
    const start = this.#out.length;
    this.#out.u16(0);
    this.#out.u8(0);
    return start;
  }

  #end(start: number, extension: number): void {
    const out = this.#out;
    const length = out.length - start - 3;
    let header = 3;
    if (length >= 0x10000) header = 6;
    else if (length >= 0x100) header = 4;
    if (header > 3) out.shift(start + 3, header - 3);
    if (header === 3) out.setU16(start, 0xc700 | length);
    else if (header === 4) {
      out.setU8(start, 0xc8);
      out.setU16(start + 1, length);
    } else {
      out.setU8(start, 0xc9);
      out.setU32(start + 1, length);
    }
    out.setU8(start + header - 1, extension);
  }

  #enter(): void {
    if (++this.#depth > LIMITS.stateValueDepthMax) this.#refuse();
  }

  #refuse(): never {
    assertStateValue(this.#root, this.#where);
    throw new InvariantError('INVARIANT', `${this.#where()} has a legal value that the codec refuses.`);
  }
}

function hasHoles(array: readonly unknown[]): boolean {
  for (let i = 0; i < array.length; i++) {
    if (array[i] === undefined && !(i in array)) return true;
  }
  return false;
}
