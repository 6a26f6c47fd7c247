/**
 * Writes many values of one field at once, in the form that is smallest for what they are. docs/formats.md
 * lists the forms.
 */
import type { Namespace } from '../log/state-delta.ts';
import type { ByteWriter } from './byte-writer.ts';
import { COLUMN } from './column-form.ts';
import type { ValueWriter } from './value-writer.ts';

export class ColumnWriter {
  readonly out: ByteWriter;
  readonly #values: ValueWriter;
  /** Starts the message of a value that is not data; set it where the next values belong elsewhere. */
  where: string;

  constructor(out: ByteWriter, { values, where }: { readonly values: ValueWriter; readonly where: string }) {
    this.out = out;
    this.where = where;
    this.#values = values;
  }

  count(count: number): void {
    this.out.varint(count);
  }

  /** A single value of any kind. */
  value(value: unknown): void {
    this.#values.write(value);
  }

  /** Anything; undefined everywhere costs one byte. */
  values(values: readonly unknown[]): void {
    if (values.length === 0) return;
    const runs = countRuns(values);
    if (runs * 2 <= values.length) this.#runs(values);
    else if (values.every(isWhole)) this.#whole(values as readonly number[]);
    else if (values.every((value) => typeof value === 'number')) this.#floats(values as readonly number[]);
    else {
      this.out.u8(COLUMN.values);
      for (let i = 0; i < values.length; i++) this.#values.write(values[i]);
    }
  }

  namespaces(namespaces: readonly Namespace[]): void {
    if (namespaces.length === 0) return;
    const windows = windowsOf(namespaces);
    if (windows === undefined) {
      this.values(namespaces);
      return;
    }
    this.out.u8(COLUMN.windows);
    this.values(windows.map((window) => window[0]));
    this.values(windows.map((window) => window[1] - window[0]));
  }

  #runs(values: readonly unknown[]): void {
    this.out.u8(COLUMN.runs);
    let start = 0;
    for (let i = 1; i <= values.length; i++) {
      if (i < values.length && isSame(values[start], values[i])) continue;
      this.out.varint(i - start);
      this.#values.write(values[start]);
      start = i;
    }
  }

  #whole(values: readonly number[]): void {
    this.out.u8(COLUMN.whole);
    let previous = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      const step = value - previous;
      this.out.varint(step < 0 ? -step * 2 - 1 : step * 2);
      previous = value;
    }
  }

  #floats(values: readonly number[]): void {
    this.out.u8(COLUMN.floats);
    for (let i = 0; i < values.length; i++) this.out.f64(values[i]!);
  }
}

/** The namespaces as windows; undefined if one is none, or if a length would not lead back to the end. */
function windowsOf(namespaces: readonly Namespace[]): readonly (readonly [number, number])[] | undefined {
  const windows: (readonly [number, number])[] = [];
  for (const namespace of namespaces) {
    if (namespace === undefined || namespace === 'global') return undefined;
    const [start, end] = namespace;
    if (!Object.is(start + (end - start), end)) return undefined;
    windows.push(namespace);
  }
  return windows;
}

/** Small enough that a step between two of them, doubled, is still exact. */
const WHOLE_MAX = 2 ** 51 - 1;

function isWhole(value: unknown): boolean {
  return (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value <= WHOLE_MAX &&
    value >= -WHOLE_MAX &&
    !Object.is(value, -0)
  );
}

/** Only primitives: two references to one object are written twice. */
function isSame(a: unknown, b: unknown): boolean {
  return Object.is(a, b) && (typeof a !== 'object' || a === null);
}

function countRuns(values: readonly unknown[]): number {
  let runs = 1;
  for (let i = 1; i < values.length; i++) {
    if (!isSame(values[i - 1], values[i])) runs++;
  }
  return runs;
}
