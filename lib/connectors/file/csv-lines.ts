import { UserError } from '../../core/errors.ts';
import { columnNames } from './csv-header.ts';
import type { CsvOptions } from './csv-reader.ts';
import { CsvRows } from './csv-rows.ts';
import type { LineParser } from './pushed-line-reader.ts';

/**
 * Makes objects of rows that come one by one, without a header.
 *
 * Throws UserError ARGUMENT_INVALID if the source does not name its columns.
 */
export function csvLines(source: string, { syntax, columns: declared }: CsvOptions): LineParser {
  const rows = new CsvRows(syntax);
  return (line) => {
    const { columns } = declared;
    if (columns === undefined) {
      throw new UserError(
        'ARGUMENT_INVALID',
        `The rows of source "${source}" come from a stream, which has no header: give it columns.`,
      );
    }
    const names = columnNames(source, declared, columns);
    const fields = rows.parseOne(line);
    if ('reason' in fields) throw new RangeError(fields.reason);
    if (fields.length !== names.length) {
      throw new RangeError(`the row has ${fields.length} fields, not ${names.length}`);
    }
    return Object.fromEntries(names.map((name, i) => [name, fields[i]]));
  };
}
