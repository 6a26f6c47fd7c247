import type { SplitOutput } from '../../core/connector.ts';
import { NO_TIMESTAMP } from '../../core/time.ts';
import { type FileSplit, fileOf } from './file-split.ts';
import { openParquetFile, type ParquetFile, parquetError } from './parquet-file.ts';
import {
  type ParquetColumn,
  type ParquetRows,
  type RowRange,
  readRows,
  selectColumns,
} from './parquet-row-group.ts';
import type { ParquetValueOptions } from './parquet-values.ts';
import { INVALID, type RecordValidator } from './record-validator.ts';
import { rejectedText } from './rejected-text.ts';
import type { SplitReader, SplitStatus } from './split-reader.ts';

/** How a Parquet file is read. */
export interface ParquetOptions extends ParquetValueOptions {
  /** Top-level columns to read; absent: all. */
  readonly columns: readonly string[] | undefined;
}

/** Reads the rows of a split, one row group in memory at a time and only the declared columns of it. */
export class ParquetReader<T> implements SplitReader<T> {
  private readonly split: FileSplit;
  private readonly options: ParquetOptions;
  private readonly validator: RecordValidator<T> | undefined;
  private columns: readonly ParquetColumn[] = [];
  private rowsEnd = Number.POSITIVE_INFINITY;
  /** Row to emit next, counted from 0. */
  private row: number;
  private group: ParquetRows | undefined;
  private groupEnd = 0;
  private opening: Promise<ParquetFile> | undefined;

  constructor(split: FileSplit, options: ParquetOptions, validator: RecordValidator<T> | undefined) {
    this.split = split;
    this.options = options;
    this.validator = validator;
    this.row = split.offset;
    if (split.end !== null) this.rowsEnd = split.end;
  }

  read(output: SplitOutput<T>, maxRecords: number): SplitStatus {
    if (this.row >= this.rowsEnd) return 'end';
    const { group } = this;
    if (group === undefined) return 'wait';
    const stop = Math.min(this.row + maxRecords, this.groupEnd, this.rowsEnd);
    while (this.row < stop) {
      const value = group.next();
      this.row += 1;
      if (group.problem !== undefined) this.reject(output, value, group.problem);
      else this.emit(output, value);
    }
    if (this.row >= this.groupEnd) this.group = undefined;
    return this.row >= this.rowsEnd ? 'end' : 'more';
  }

  /** Reads the next row group. */
  async isAvailable(): Promise<void> {
    if (this.group !== undefined || this.row >= this.rowsEnd) return;
    try {
      this.opening ??= this.open();
      const file = await this.opening;
      if (this.row < this.rowsEnd) await this.readGroup(file);
    } catch (thrown) {
      throw parquetError(this.split.path, thrown);
    }
  }

  snapshot(): FileSplit {
    return { ...this.split, offset: this.row, line: null };
  }

  currentPosition(): string {
    return `${this.split.path} (row ${this.row})`;
  }

  async close(): Promise<void> {
    this.group = undefined;
    // A file that is just being opened has to be closed too; why it could not be opened is said elsewhere.
    const file = await this.opening?.catch(() => undefined);
    await file?.close();
  }

  private async open(): Promise<ParquetFile> {
    const { parquetSchema } = await import('hyparquet');
    const file = await openParquetFile(fileOf(this.split));
    try {
      const schema = { path: file.path, root: parquetSchema(file.metadata) };
      this.columns = selectColumns(schema, this.options.columns, this.options);
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
    this.rowsEnd = Math.min(this.rowsEnd, Number(file.metadata.num_rows));
    return file;
  }

  private async readGroup(file: ParquetFile): Promise<void> {
    const { end } = groupOf(file, this.row);
    this.group = await readRows(file, this.columns, { start: this.row, end });
    this.groupEnd = end;
  }

  private emit(output: SplitOutput<T>, value: Record<string, unknown>): void {
    if (this.validator === undefined) {
      // Without a schema the type of the records is the user's word.
      output.collect(value as T, NO_TIMESTAMP);
      return;
    }
    const valid = this.validator.check(value);
    if (valid !== INVALID) output.collect(valid, NO_TIMESTAMP);
    else this.reject(output, value, this.validator.reason);
  }

  private reject(output: SplitOutput<T>, value: Record<string, unknown>, reason: string): void {
    const json = JSON.stringify(value, (_name, field: unknown) =>
      typeof field === 'bigint' ? `${field}` : field,
    );
    output.reject({
      code: 'RECORD_INVALID',
      reason,
      position: this.currentPosition(),
      raw: rejectedText(json),
    });
  }
}

/** The row group that holds `row`. */
function groupOf(file: ParquetFile, row: number): RowRange {
  let start = 0;
  for (const group of file.metadata.row_groups) {
    const end = start + Number(group.num_rows);
    if (row < end) return { start, end };
    start = end;
  }
  return { start: row, end: start };
}
