/** Reads what ColumnWriter wrote. Malformed bytes throw a RangeError. */
import type { Namespace } from '../log/state-delta.ts';
import type { ByteReader } from './byte-reader.ts';
import { COLUMN } from './column-form.ts';
import type { ValueReader } from './value-reader.ts';

export class ColumnReader {
  readonly in: ByteReader;
  readonly #values: ValueReader;

  constructor(input: ByteReader, values: ValueReader) {
    this.in = input;
    this.#values = values;
  }

  count(): number {
    return this.in.varint();
  }

  value(): unknown {
    return this.#values.read();
  }

  text(): string {
    const value = this.#values.read();
    if (typeof value !== 'string') throw new RangeError('a name that is no string');
    return value;
  }

  number(): number {
    const value = this.#values.read();
    if (typeof value !== 'number') throw new RangeError('a number that is something else');
    return value;
  }

  optionalNumber(): number | undefined {
    const value = this.#values.read();
    if (value !== undefined && typeof value !== 'number') throw new RangeError('a number that is none');
    return value;
  }

  boolean(): boolean {
    const value = this.#values.read();
    if (typeof value !== 'boolean') throw new RangeError('a flag that is none');
    return value;
  }

  /** A count and as many parts. */
  list<T>(read: () => T): T[] {
    return this.#each(this.in.varint(), read);
  }

  values(count: number): unknown[] {
    return count === 0 ? [] : this.#column(this.in.u8(), count);
  }

  numbers(count: number): number[] {
    const values = this.values(count);
    for (const value of values) {
      if (typeof value !== 'number') throw new RangeError('a number is something else');
    }
    // Every value was looked at.
    return values as number[];
  }

  optionalNumbers(count: number): (number | undefined)[] {
    const values = this.values(count);
    for (const value of values) {
      if (value !== undefined && typeof value !== 'number') throw new RangeError('a number is none');
    }
    // Every value was looked at.
    return values as (number | undefined)[];
  }

  texts(count: number): string[] {
    const values = this.values(count);
    for (const value of values) {
      if (typeof value !== 'string') throw new RangeError('a name is no string');
    }
    // Every value was looked at.
    return values as string[];
  }

  booleans(count: number): boolean[] {
    const values = this.values(count);
    for (const value of values) {
      if (typeof value !== 'boolean') throw new RangeError('a flag is none');
    }
    // Every value was looked at.
    return values as boolean[];
  }

  namespaces(count: number): Namespace[] {
    if (count === 0) return [];
    const form = this.in.u8();
    if (form !== COLUMN.windows) {
      const values = this.#column(form, count);
      if (!values.every(isNamespace)) throw new RangeError('a namespace is something else');
      return values;
    }
    const starts = this.numbers(count);
    return this.numbers(count).map((length, i): Namespace => [starts[i]!, starts[i]! + length]);
  }

  #column(form: number, count: number): unknown[] {
    switch (form) {
      case COLUMN.values:
        return this.#each(count, () => this.#values.read());
      case COLUMN.runs:
        return this.#runs(count);
      case COLUMN.whole:
        return this.#whole(count);
      case COLUMN.floats:
        return this.#each(count, () => this.in.f64());
      default:
        throw new RangeError(`the form ${form} of a column`);
    }
  }

  #each<T>(count: number, read: () => T): T[] {
    const values: T[] = [];
    for (let i = this.in.count(count); i > 0; i--) values.push(read());
    return values;
  }

  #runs(count: number): unknown[] {
    const values: unknown[] = [];
    while (values.length < count) {
      const length = this.in.varint();
      if (length === 0 || length > count - values.length) throw new RangeError(`a run of ${length} values`);
      const value = this.#values.read();
      for (let i = 0; i < length; i++) values.push(value);
    }
    return values;
  }

  #whole(count: number): number[] {
    let previous = 0;
    return this.#each(count, () => {
      const step = this.in.varint();
      previous += step % 2 === 0 ? step / 2 : -(step + 1) / 2;
      return previous;
    });
  }
}

function isNamespace(value: unknown): value is Namespace {
  if (value === undefined || value === 'global') return true;
  return Array.isArray(value) && value.length === 2 && value.every((end) => typeof end === 'number');
}
