import { stringify } from 'csv-stringify/sync';
import { LIMITS } from '../../core/limits.ts';
import type { PartEncoder, PartFormat } from './part-encoder.ts';
import { jsonText, unwritable } from './unwritable-field.ts';

/** How CSV parts are written. */
export interface CsvPartOptions {
  readonly columns: readonly string[];
  readonly header: boolean;
  readonly delimiter: string;
}

/** Rows with the declared columns, below a header in each part. */
export function csvParts<T>(sink: string, options: CsvPartOptions): PartFormat<T> {
  return {
    kind: 'csv',
    bufferBytesMax: LIMITS.fileWriteBytes,
    writesAnyTime: true,
    layout: JSON.stringify([options.columns, options.delimiter]),
    createEncoder: (begun) => new CsvPart(sink, options, begun === undefined),
  };
}

class CsvPart<T> implements PartEncoder<T> {
  private readonly sink: string;
  private readonly options: CsvPartOptions;
  private rows: (readonly string[])[] = [];

  constructor(sink: string, options: CsvPartOptions, atStart: boolean) {
    this.sink = sink;
    this.options = options;
    if (options.header && atStart) this.rows.push(options.columns);
  }

  add(value: T): number {
    if (typeof value !== 'object' || value === null) {
      const what = `a row is an object, this is ${JSON.stringify(value)}`;
      throw unwritable(this.sink, '', { what, advice: 'Map it to an object before the sink.' });
    }
    // Any object can be asked for a property; what is not there is undefined.
    const record = value as Readonly<Record<string, unknown>>;
    let bytes = 0;
    const row = this.options.columns.map((column) => {
      const field = this.fieldText(record[column], column);
      bytes += field.length + 1;
      return field;
    });
    this.rows.push(row);
    return bytes;
  }

  isFull(): boolean {
    return false;
  }

  take(_last: boolean): string {
    const text = stringify(this.rows, { delimiter: this.options.delimiter });
    this.rows = [];
    return text;
  }

  private fieldText(value: unknown, column: string): string {
    if (typeof value === 'string') return value;
    if (value === null || value === undefined) return '';
    if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
    const json = jsonText(value, this.sink, column);
    // A Date is a JSON string, which here needs no quotes of its own.
    return value instanceof Date ? json.slice(1, -1) : json;
  }
}
