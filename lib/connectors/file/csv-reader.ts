import type { SplitOutput } from '../../core/connector.ts';
import { LIMITS } from '../../core/limits.ts';
import { NO_TIMESTAMP } from '../../core/time.ts';
import { type CsvColumns, columnNames } from './csv-header.ts';
import { CsvRows, type CsvSyntax } from './csv-rows.ts';
import { contentError } from './file-error.ts';
import type { FileSplit } from './file-split.ts';
import { INVALID, type RecordValidator } from './record-validator.ts';
import type { SplitReader, SplitStatus } from './split-reader.ts';
import { TextLines, type TextOptions } from './text-lines.ts';

/** How a CSV file is read. */
export interface CsvOptions extends TextOptions {
  readonly syntax: CsvSyntax;
  readonly columns: CsvColumns;
}

interface Row {
  readonly start: number;
  /** Index of the newline behind the row. */
  readonly end: number;
}

/**
 * Reads rows into objects of strings.
 *
 * Rows are cut here and only their fields are left to csv-parse, so that the position of every row is known
 * and a malformed row costs nothing but itself: of a row over several lines only the first line becomes a
 * dead letter, because its quotes cannot be trusted to say where the row ends.
 */
export class CsvReader<T> implements SplitReader<T> {
  private readonly path: string;
  private readonly lines: TextLines;
  private readonly cutter: CsvRows;
  private readonly declared: CsvColumns;
  private readonly validator: RecordValidator<T> | undefined;
  private names: readonly string[] | undefined;
  private rowStart = 0;
  /** Lines before the row being emitted. */
  private rowLine = 0;

  constructor(split: FileSplit, options: CsvOptions, validator: RecordValidator<T> | undefined) {
    this.path = split.path;
    this.lines = new TextLines(split, options);
    this.cutter = new CsvRows(options.syntax);
    this.declared = options.columns;
    this.validator = validator;
    const { header, columns } = options.columns;
    if (split.columns !== null) this.names = split.columns;
    else if (!header && columns !== undefined) this.names = columnNames(this.path, options.columns, columns);
  }

  read(output: SplitOutput<T>, maxRecords: number): SplitStatus {
    const { lines } = this;
    const stop = lines.lines + maxRecords;
    while (lines.lines < stop) {
      const rows = this.findRows({ max: stop - lines.lines, atEnd: false });
      if (rows.length > 0) {
        this.emitRows(output, rows);
        continue;
      }
      const status = lines.append();
      if (status === 'wait') return status;
      if (status === 'block') continue;
      this.emitRest(output);
      if (status === 'end') return status;
      this.rejectBadLine(output);
    }
    return 'more';
  }

  isAvailable(): Promise<void> {
    return this.lines.isAvailable();
  }

  snapshot(): FileSplit {
    return { ...this.lines.snapshot(), columns: this.names ?? null };
  }

  currentPosition(): string {
    return this.lines.positionAt(this.rowStart, this.rowLine);
  }

  close(): Promise<void> {
    return this.lines.close();
  }

  /** Rows from the cursor on, blank ones left out; none if the first one is not finished in the text. */
  private findRows(search: { readonly max: number; readonly atEnd: boolean }): Row[] {
    const { text, cursor } = this.lines;
    const max = this.names === undefined ? 1 : Math.min(search.max, LIMITS.csvBatchRowsMax);
    const rows: Row[] = [];
    let start = cursor;
    this.cutter.begin(text, start);
    while (start < text.length && rows.length < max) {
      let end = this.cutter.rowEnd(start);
      if (end < 0) {
        if (!search.atEnd && text.length - start < LIMITS.csvRowBytesMax) break;
        end = lineEnd(text, start);
        this.cutter.begin(text, end);
      }
      if (!isBlank(text, start, end)) rows.push({ start, end });
      start = end + 1;
    }
    if (rows.length === 0) this.moveTo(start);
    return rows;
  }

  /** The text cannot go on: a row that is not finished never will be. */
  private emitRest(output: SplitOutput<T>): void {
    for (;;) {
      const rows = this.findRows({ max: LIMITS.csvBatchRowsMax, atEnd: true });
      if (rows.length === 0) return;
      this.emitRows(output, rows);
    }
  }

  private emitRows(output: SplitOutput<T>, rows: readonly Row[]): void {
    const { text } = this.lines;
    const first = rows[0]!.start;
    const last = rows[rows.length - 1]!.end;
    const parsed = this.cutter.parseAll(text.slice(first, last + 1));
    const trusted = parsed?.length === rows.length ? parsed : undefined;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      this.beginRow(row);
      const fields = trusted?.[i] ?? this.cutter.parseOne(text.slice(row.start, row.end + 1));
      const problem = 'reason' in fields ? fields.reason : this.countProblem(fields);
      if (problem !== undefined) {
        // What follows the first line of a malformed row has to be cut anew.
        if (this.rejectRow(output, row, problem)) return;
      } else if ('length' in fields) {
        this.moveTo(row.end + 1);
        this.emit(output, row, fields);
      }
    }
  }

  private beginRow(row: Row): void {
    this.moveTo(row.start);
    this.rowStart = row.start;
    this.rowLine = this.lines.lines;
  }

  private emit(output: SplitOutput<T>, row: Row, fields: readonly string[]): void {
    if (this.names === undefined) {
      this.names = columnNames(this.path, this.declared, fields);
      return;
    }
    const record: Record<string, string> = {};
    for (let i = 0; i < fields.length; i++) record[this.names[i]!] = fields[i]!;
    if (this.validator === undefined) {
      // Without a schema the type of the records is the user's word.
      output.collect(record as T, NO_TIMESTAMP);
      return;
    }
    const valid = this.validator.check(record);
    if (valid !== INVALID) output.collect(valid, NO_TIMESTAMP);
    else this.reject(output, row, { code: 'RECORD_INVALID', reason: this.validator.reason });
  }

  private countProblem(fields: readonly string[]): string | undefined {
    if (this.names === undefined || this.names.length === fields.length) return undefined;
    return `The row has ${fields.length} columns, but the file has ${this.names.length}.`;
  }

  /** True if only the first line of the row was rejected. */
  private rejectRow(output: SplitOutput<T>, row: Row, reason: string): boolean {
    if (this.names === undefined) {
      throw contentError(this.path, `has no readable header: ${reason} It begins with ${this.headOf(row)}`);
    }
    const end = Math.min(lineEnd(this.lines.text, row.start), row.end);
    this.moveTo(end + 1);
    this.reject(output, { start: row.start, end }, { code: 'RECORD_UNPARSABLE', reason });
    return end < row.end;
  }

  private reject(
    output: SplitOutput<T>,
    row: Row,
    why: { readonly code: string; readonly reason: string },
  ): void {
    output.reject(this.lines.rejected(why, { from: row.start, to: row.end, lines: this.rowLine }));
  }

  private rejectBadLine(output: SplitOutput<T>): void {
    const record = this.lines.takeBadLine();
    if (this.names === undefined) throw contentError(this.path, `has no readable header: ${record.reason}`);
    output.reject(record);
  }

  private headOf(row: Row): string {
    return JSON.stringify(this.lines.text.slice(row.start, Math.min(row.end, row.start + 80)));
  }

  /** Moves the cursor on and counts the lines it passes. */
  private moveTo(index: number): void {
    const { lines } = this;
    const { text } = lines;
    const to = Math.min(index, text.length);
    let at = lines.cursor;
    while (at < to) {
      lines.lines += 1;
      at = lineEnd(text, at) + 1;
    }
    lines.cursor = Math.max(lines.cursor, to);
  }
}

function lineEnd(text: string, start: number): number {
  const newline = text.indexOf('\n', start);
  return newline < 0 ? text.length : newline;
}

function isBlank(text: string, start: number, end: number): boolean {
  return end === start || (end === start + 1 && text[start] === '\r');
}
