/** Reads what ValueWriter wrote. Malformed bytes throw a RangeError. */
import type { ByteReader } from './byte-reader.ts';
import { EXTENSION, NAMES_MAX, VIEW_BY_EXTENSION } from './value-extension.ts';

export class ValueReader {
  readonly #in: ByteReader;
  readonly #names: string[] = [];

  constructor(input: ByteReader) {
    this.#in = input;
  }

  read(): unknown {
    return this.#value(this.#in.u8());
  }

  #value(code: number): unknown {
    if (code < 0x80) return code;
    if (code < 0x90) return this.#properties({}, code & 15);
    if (code < 0xa0) return this.#array(code & 15);
    if (code < 0xc0) return this.#in.utf8(code & 31);
    if (code >= 0xe0) return code - 0x100;
    return this.#long(code);
  }

  /** Values whose first byte holds nothing but their type. */
  #long(code: number): unknown {
    const input = this.#in;
    switch (code) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return input.copy(input.u8());
      case 0xc5:
        return input.copy(input.u16());
      case 0xc6:
        return input.copy(input.u32());
      case 0xca:
        return input.f32();
      case 0xcb:
        return input.f64();
      case 0xd9:
        return input.utf8(input.u8());
      case 0xda:
        return input.utf8(input.u16());
      case 0xdb:
        return input.utf8(input.u32());
      case 0xdc:
        return this.#array(input.u16());
      case 0xdd:
        return this.#array(input.u32());
      case 0xde:
        return this.#properties({}, input.u16());
      case 0xdf:
        return this.#properties({}, input.u32());
      default:
        return this.#integerOrExtension(code);
    }
  }

  #integerOrExtension(code: number): unknown {
    const input = this.#in;
    switch (code) {
      case 0xcc:
        return input.u8();
      case 0xcd:
        return input.u16();
      case 0xce:
        return input.u32();
      case 0xcf:
        return input.u64();
      case 0xd0:
        return input.i8();
      case 0xd1:
        return input.i16();
      case 0xd2:
        return input.i32();
      case 0xd3:
        return input.i64();
      case 0xd4:
        if (input.u16() !== 0) throw new RangeError('an extension of one byte that is not undefined');
        return undefined;
      case 0xc7:
        return this.#extension(input.u8());
      case 0xc8:
        return this.#extension(input.u16());
      case 0xc9:
        return this.#extension(input.u32());
      default:
        throw new RangeError(`a value that starts with the byte ${code}`);
    }
  }

  #properties(object: Record<string, unknown>, length: number): Record<string, unknown> {
    for (let i = 0; i < length; i++) {
      const name = this.#name();
      const value = this.#value(this.#in.u8());
      if (name !== '__proto__') object[name] = value;
      else
        Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
    }
    return object;
  }

  #name(): string {
    const name = this.read();
    if (typeof name === 'number') {
      const known = this.#names[name];
      if (known === undefined) throw new RangeError(`the property name number ${name}`);
      return known;
    }
    if (typeof name !== 'string') throw new RangeError('a property name that is no string');
    if (this.#names.length < NAMES_MAX) this.#names.push(name);
    return name;
  }

  #array(length: number): unknown[] {
    const array: unknown[] = [];
    for (let i = this.#in.count(length); i > 0; i--) array.push(this.#value(this.#in.u8()));
    return array;
  }

  #extension(length: number): unknown {
    const input = this.#in;
    const extension = input.u8();
    const end = input.position + input.count(length);
    switch (extension) {
      case EXTENSION.date:
        return new Date(input.f64());
      case EXTENSION.map:
        return this.#map(end);
      case EXTENSION.set:
        return this.#set(end);
      case EXTENSION.nullPrototype: {
        // Nothing but its own properties can be seen of an object without a prototype.
        return Object.setPrototypeOf(this.read(), null) as unknown;
      }
      case EXTENSION.sparseArray:
        return this.#sparseArray(end);
      case EXTENSION.bigint:
        return this.#bigint(length);
      case EXTENSION.utf16:
        return this.#utf16(length);
      default:
        return this.#binary(extension, length);
    }
  }

  #map(end: number): ReadonlyMap<unknown, unknown> {
    const map = new Map<unknown, unknown>();
    while (this.#in.position < end) {
      const key = this.read();
      map.set(key, this.read());
    }
    return map;
  }

  #set(end: number): ReadonlySet<unknown> {
    const set = new Set<unknown>();
    while (this.#in.position < end) set.add(this.read());
    return set;
  }

  #sparseArray(end: number): unknown[] {
    const length = this.#index();
    const array: unknown[] = [];
    array.length = length;
    while (this.#in.position < end) {
      const index = this.#index();
      array[index] = this.read();
    }
    return array;
  }

  #index(): number {
    const index = this.read();
    if (typeof index !== 'number') throw new RangeError('an index that is no number');
    return index;
  }

  #bigint(length: number): bigint {
    const negative = this.#in.u8() === 1;
    const bytes = this.#in.view(length - 1);
    const magnitude = BigInt(
      `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`,
    );
    return negative ? -magnitude : magnitude;
  }

  #utf16(length: number): string {
    const pieces: string[] = [];
    for (let i = 0; i < length; i += 2) pieces.push(String.fromCharCode(this.#in.u16()));
    return pieces.join('');
  }

  #binary(extension: number, length: number): unknown {
    const { buffer } = this.#in.copy(length);
    if (extension === EXTENSION.arrayBuffer) return buffer;
    const type = VIEW_BY_EXTENSION.get(extension);
    if (type === undefined) throw new RangeError(`the extension ${extension}`);
    return new type(buffer);
  }
}
