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

  /**
   * Index of the newline that ends the row at `start`: the first one behind an even number of quotes. Answers
   * `text.length` if the last row has no newline, -1 if the row is not finished.
   */
  rowEnd(text: string, start: number): number {
    const { quote } = this;
    let newline = text.indexOf('\n', start);
    if (newline < 0) newline = text.length;
    if (quote === null) return newline;
    let at = text.indexOf(quote, start);
    while (at >= 0 && at < newline) {
      const closing = text.indexOf(quote, at + 1);
      if (closing < 0) return -1;
      if (closing > newline) {
        newline = text.indexOf('\n', closing);
        if (newline < 0) newline = text.length;
      }
      at = text.indexOf(quote, closing + 1);
    }
    return newline;
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
