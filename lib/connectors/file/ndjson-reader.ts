import type { SplitOutput } from '../../core/connector.ts';
import { messageOf } from '../../core/errors.ts';
import { NO_TIMESTAMP } from '../../core/time.ts';
import type { FileSplit } from './file-split.ts';
import { INVALID, type RecordValidator } from './record-validator.ts';
import type { SplitReader, SplitStatus } from './split-reader.ts';
import { TextLines, type TextOptions } from './text-lines.ts';

const CARRIAGE_RETURN = 13;

/**
 * Reads JSON values, one a line. The hot path of the product: a record costs one slice, one JSON.parse and
 * one call of the output.
 *
 * Lines without anything but white space are left out. Whatever else is not JSON becomes a dead letter.
 */
export class NdjsonReader<T> implements SplitReader<T> {
  private readonly lines: TextLines;
  private readonly validator: RecordValidator<T> | undefined;
  /** Index of the line being parsed or emitted; it differs from the cursor as soon as the line is parsed. */
  private lineStart = 0;

  constructor(split: FileSplit, options: TextOptions, validator: RecordValidator<T> | undefined) {
    this.lines = new TextLines(split, options);
    this.validator = validator;
  }

  read(output: SplitOutput<T>, maxRecords: number): SplitStatus {
    const { lines } = this;
    const stop = lines.lines + maxRecords;
    while (lines.lines < stop) {
      if (lines.cursor < lines.text.length) {
        this.emitLines(output, stop);
        continue;
      }
      const status = lines.next();
      if (status === 'bad-line') output.reject(lines.takeBadLine());
      else if (status !== 'block') return status;
    }
    return 'more';
  }

  isAvailable(): Promise<void> {
    return this.lines.isAvailable();
  }

  snapshot(): FileSplit {
    return this.lines.snapshot();
  }

  currentPosition(): string {
    return this.lines.positionAt(this.lineStart, this.lines.lines - 1);
  }

  close(): Promise<void> {
    return this.lines.close();
  }

  /** One `try` serves all lines up to the next bad one. */
  private emitLines(output: SplitOutput<T>, stop: number): void {
    try {
      this.parseLines(output, stop);
    } catch (thrown) {
      // The cursor moves between parsing and emitting: this error came from behind the output.
      if (this.lines.cursor !== this.lineStart) throw thrown;
      this.rejectLine(output, `The line is not JSON: ${messageOf(thrown)}`);
    }
  }

  private parseLines(output: SplitOutput<T>, stop: number): void {
    const { lines, validator } = this;
    const { text } = lines;
    const { length } = text;
    let start = lines.cursor;
    while (start < length && lines.lines < stop) {
      const newline = text.indexOf('\n', start);
      const end = newline < 0 ? length : newline;
      this.lineStart = start;
      lines.lines += 1;
      if (end - start < 2 && (end === start || text.charCodeAt(start) === CARRIAGE_RETURN)) {
        start = end + 1;
        lines.cursor = start;
        continue;
      }
      const value: unknown = JSON.parse(text.slice(start, end));
      start = end + 1;
      lines.cursor = start;
      // Without a schema the type of the records is the user's word.
      if (validator === undefined) output.collect(value as T, NO_TIMESTAMP);
      else this.emitValid(value, output, validator);
    }
  }

  private emitValid(value: unknown, output: SplitOutput<T>, validator: RecordValidator<T>): void {
    const valid = validator.check(value);
    if (valid !== INVALID) {
      output.collect(valid, NO_TIMESTAMP);
      return;
    }
    const place = { from: this.lineStart, to: this.lines.cursor - 1, lines: this.lines.lines - 1 };
    output.reject(this.lines.rejected({ code: 'RECORD_INVALID', reason: validator.reason }, place));
  }

  private rejectLine(output: SplitOutput<T>, reason: string): void {
    const { lines } = this;
    const from = this.lineStart;
    const newline = lines.text.indexOf('\n', from);
    const to = newline < 0 ? lines.text.length : newline;
    lines.cursor = to + 1;
    if (lines.text.slice(from, to).trim() === '') return;
    const place = { from, to, lines: lines.lines - 1 };
    output.reject(lines.rejected({ code: 'RECORD_UNPARSABLE', reason }, place));
  }
}
