import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import { LIMITS } from '../../core/limits.ts';
import { type FieldType, fieldConversion } from './parquet-field.ts';
import type { PartEncoder, PartFormat, RowBuffer } from './part-encoder.ts';
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

/** How Parquet parts are written. */
export interface ParquetPartOptions {
  readonly columns: readonly ParquetPartColumn[];
  /** For tests: small row groups. */
  readonly rowGroupRows?: number;
}

/** Parquet files of the declared columns; rows are kept until they fill a row group. */
export function parquetParts<T>(sink: string, options: ParquetPartOptions): PartFormat<T> {
  const { columns } = options;
  return {
    kind: 'parquet',
    bufferBytesMax: LIMITS.parquetRowGroupBytesMax,
    writesAnyTime: false,
    layout: JSON.stringify(columns),
    // Progress is what the encoder of this format has answered.
    createEncoder: (begun) => new ParquetPart(sink, options, begun?.progress as ParquetProgress | undefined),
  };
}

/** What the end of a file says about the row groups before it. */
interface ParquetProgress {
  readonly columns: readonly ParquetPartColumn[];
  /** Bytes handed out. */
  readonly offset: number;
  readonly rows: bigint;
  readonly groups: ParquetWriter['row_groups'];
  /** Page indexes of every column of every group, in this order. */
  readonly indexes: ParquetWriter['pendingIndexes'];
}

class ParquetPart<T> implements PartEncoder<T>, RowBuffer {
  private readonly sink: string;
  private readonly rowsMax: number;
  private readonly columns: readonly ParquetPartColumn[];
  private readonly conversions: readonly ((value: unknown) => unknown)[];
  private readonly bytes = new ByteWriter();
  private readonly writer: ParquetWriter;
  private data: unknown[][];
  rows = 0;

  constructor(sink: string, options: ParquetPartOptions, progress: ParquetProgress | undefined) {
    const columns = progress?.columns ?? options.columns;
    this.sink = sink;
    this.rowsMax = options.rowGroupRows ?? LIMITS.parquetRowGroupRowsMax;
    this.columns = columns;
    this.conversions = columns.map((column) => fieldConversion(sink, column));
    this.data = columns.map(() => []);
    const fields = columns.map(({ name, type, nullable }): SchemaElement => {
      return { ...ELEMENTS[type], name, repetition_type: nullable ? 'OPTIONAL' : 'REQUIRED' };
    });
    const schema: SchemaElement[] = [{ name: 'root', num_children: columns.length }, ...fields];
    this.writer = new ParquetWriter({ writer: this.bytes, schema, createdBy: 'millrace' });
    if (progress !== undefined) this.goOn(progress);
  }

  get buffer(): RowBuffer {
    return this;
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

  /** Column by column, named: a job that was changed may have other columns. */
  slice(from: number, to: number): Readonly<Record<string, readonly unknown[]>> {
    return Object.fromEntries(this.columns.map(({ name }, i) => [name, this.data[i]!.slice(from, to)]));
  }

  append(rows: unknown): number {
    // Rows are what `slice` of this class has answered.
    const slices = rows as ReturnType<ParquetPart<T>['slice']>;
    const taken = Object.values(slices)[0]?.length ?? 0;
    let bytes = 0;
    this.columns.forEach(({ name }, i) => {
      const column = this.data[i]!;
      for (let row = 0; row < taken; row++) {
        const value = slices[name]?.[row] ?? null;
        column.push(value);
        bytes += bytesOf(value);
      }
    });
    this.rows += taken;
    return bytes;
  }

  progress(): ParquetProgress {
    const { row_groups: groups, num_rows: rows, pendingIndexes: indexes } = this.writer;
    const { columns, bytes } = this;
    return { columns, offset: bytes.offset, rows, groups: [...groups], indexes: [...indexes] };
  }

  /** The row groups stand in the file; the writer only has to know them for the end of it. */
  private goOn({ offset, rows, groups, indexes }: ParquetProgress): void {
    // The constructor of the writer has begun a file.
    this.bytes.index = 0;
    this.bytes.offset = offset;
    this.writer.num_rows = rows;
    this.writer.row_groups = groups.map((group) => ({ ...group }));
    // The writer notes the place of an index in the chunk, so that both must be one object.
    const chunks = this.writer.row_groups.flatMap((group) => group.columns);
    this.writer.pendingIndexes = indexes.map((index, i) => ({ ...index, chunk: chunks[i]! }));
  }

  isFull(): boolean {
    return this.rows >= this.rowsMax;
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
