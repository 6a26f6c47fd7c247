import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import { LIMITS } from '../../core/limits.ts';
import { type FieldType, fieldConversion } from './parquet-field.ts';
import type { PartEncoder, PartFormat } from './part-encoder.ts';
import { unwritable } from './unwritable-field.ts';

/** A column as it is written. */
export interface ParquetPartColumn {
  readonly name: string;
  readonly type: FieldType;
  readonly nullable: boolean;
}

const ELEMENTS: Readonly<Record<FieldType, Omit<SchemaElement, 'name'>>> = {
  BOOLEAN: { type: 'BOOLEAN' },
  INT32: { type: 'INT32' },
  INT64: { type: 'INT64' },
  FLOAT: { type: 'FLOAT' },
  DOUBLE: { type: 'DOUBLE' },
  STRING: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  JSON: { type: 'BYTE_ARRAY', converted_type: 'JSON', logical_type: { type: 'JSON' } },
  DATE: { type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } },
  TIMESTAMP: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MILLIS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
  },
};

/** Parquet files of the declared columns; rows are kept until they fill a row group. */
export function parquetParts<T>(sink: string, columns: readonly ParquetPartColumn[]): PartFormat<T> {
  return {
    kind: 'parquet',
    bufferBytesMax: LIMITS.parquetRowGroupBytesMax,
    writesAnyTime: false,
    createEncoder: () => new ParquetPart(sink, columns),
  };
}

class ParquetPart<T> implements PartEncoder<T> {
  private readonly sink: string;
  private readonly columns: readonly ParquetPartColumn[];
  private readonly conversions: readonly ((value: unknown) => unknown)[];
  private readonly bytes = new ByteWriter();
  private readonly writer: ParquetWriter;
  private data: unknown[][];
  private rows = 0;

  constructor(sink: string, columns: readonly ParquetPartColumn[]) {
    this.sink = sink;
    this.columns = columns;
    this.conversions = columns.map((column) => fieldConversion(sink, column));
    this.data = columns.map(() => []);
    const fields = columns.map(({ name, type, nullable }): SchemaElement => {
      return { ...ELEMENTS[type], name, repetition_type: nullable ? 'OPTIONAL' : 'REQUIRED' };
    });
    const schema: SchemaElement[] = [{ name: 'root', num_children: columns.length }, ...fields];
    this.writer = new ParquetWriter({ writer: this.bytes, schema, createdBy: 'millrace' });
  }

  add(value: T): number {
    if (typeof value !== 'object' || value === null) {
      const what = `a row is an object, this is ${typeof value}`;
      throw unwritable(this.sink, '', { what, advice: 'Map it to an object before the sink.' });
    }
    // Any object can be asked for a property; what is not there is undefined.
    const record = value as Readonly<Record<string, unknown>>;
    // All fields first: a row that fails in its last field must not leave half of itself behind.
    const row = this.conversions.map((convert, i) => convert(record[this.columns[i]!.name]));
    let bytes = 0;
    for (let i = 0; i < row.length; i++) {
      this.data[i]!.push(row[i]);
      bytes += bytesOf(row[i]);
    }
    this.rows += 1;
    return bytes;
  }

  isFull(): boolean {
    return this.rows >= LIMITS.parquetRowGroupRowsMax;
  }

  take(last: boolean): Uint8Array {
    if (this.rows > 0) {
      const columnData = this.columns.map(({ name }, i) => ({ name, data: this.data[i]! }));
      // A ByteWriter never makes a row group wait.
      void this.writer.write({ columnData, rowGroupSize: this.rows });
      this.data = this.columns.map(() => []);
      this.rows = 0;
    }
    if (last) void this.writer.finish();
    const taken = this.bytes.getBytes();
    // `index` is the place in the buffer, `offset` the place in the file, which goes on.
    this.bytes.index = 0;
    return taken;
  }
}

/** About what a value takes, before compression. */
function bytesOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  return typeof value === 'object' && value !== null ? JSON.stringify(value).length : 8;
}
