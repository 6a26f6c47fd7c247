import { type Options, parse } from 'csv-parse/sync';
import { messageOf } from '../../core/errors.ts';
import { errnoOf } from './file-error.ts';

/** How the rows of a CSV file are written. */
export interface CsvSyntax {
  readonly delimiter: string;
  /** One character, doubled inside a quoted field; null if nothing is quoted. */
  readonly quote: string | null;
}

const REASONS: Readonly<Record<string, string>> = {
  CSV_INVALID_CLOSING_QUOTE: 'a quoted field goes on behind its closing quote',
  INVALID_OPENING_QUOTE: 'a quote stands inside an unquoted field',
  CSV_QUOTE_NOT_CLOSED: 'a quoted field is not closed',
};

/** Cuts text into rows and rows into fields. The grammar of fields is csv-parse's. */
export class CsvRows {
  private readonly quote: string | null;
  private readonly options: Options;
  private text = '';
  /** The first quote behind the rows already cut. */
  private nextQuote = Number.POSITIVE_INFINITY;

  constructor(syntax: CsvSyntax) {
    this.quote = syntax.quote;
    this.options = {
      delimiter: syntax.delimiter,
      quote: syntax.quote ?? false,
      record_delimiter: ['\r\n', '\n'],
      relax_column_count: true,
      skip_empty_lines: true,
    };
  }

  /** Begins to cut `text` at `start`; rows are then cut in order. */
  begin(text: string, start: number): void {
    this.text = text;
    this.nextQuote = this.findQuote(start);
  }

  /**
   * Index of the newline that ends the row at `start`: the first one behind an even number of quotes.
   * Answers the length of the text if the last row has no newline, -1 if the row is not finished.
   */
  rowEnd(start: number): number {
    let newline = this.findNewline(start);
    while (this.nextQuote < newline) {
      const closing = this.findQuote(this.nextQuote + 1);
      if (closing === Number.POSITIVE_INFINITY) return -1;
      if (closing > newline) newline = this.findNewline(closing);
      this.nextQuote = this.findQuote(closing + 1);
    }
    return newline;
  }

  private findNewline(from: number): number {
    const newline = this.text.indexOf('\n', from);
    return newline < 0 ? this.text.length : newline;
  }

  private findQuote(from: number): number {
    const at = this.quote === null ? -1 : this.text.indexOf(this.quote, from);
    return at < 0 ? Number.POSITIVE_INFINITY : at;
  }

  /** The fields of all rows of `text`, or undefined if one of them is malformed. */
  parseAll(text: string): string[][] | undefined {
    try {
      // Without columns, casts and info, csv-parse answers arrays of strings.
      return parse(text, this.options) as string[][];
    } catch {
      return undefined;
    }
  }

  /** The fields of one row, or why it is malformed. */
  parseOne(row: string): readonly string[] | { readonly reason: string } {
    try {
      // As in parseAll; a row that is not blank has one record.
      const [fields] = parse(row, this.options) as string[][];
      return fields ?? [''];
    } catch (thrown) {
      return { reason: `The row is not CSV: ${REASONS[errnoOf(thrown)] ?? messageOf(thrown)}.` };
    }
  }
}
