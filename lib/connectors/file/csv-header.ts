import { contentError } from './file-error.ts';

/** What the source says about the columns of a CSV file. */
export interface CsvColumns {
  /** The first row holds names. */
  readonly header: boolean;
  /** Names given by the job; they replace those of the header. */
  readonly columns: readonly string[] | undefined;
}

/** The names of the columns of `path`, whose header row, if it has one, holds `fields`. */
export function columnNames(
  path: string,
  declared: CsvColumns,
  fields: readonly string[],
): readonly string[] {
  const { columns } = declared;
  if (columns !== undefined && columns.length !== fields.length) {
    const counts = `has ${fields.length} columns in its header, but the source declares ${columns.length}`;
    throw contentError(path, `${counts}: ${columns.join(', ')}`);
  }
  const names = columns ?? fields;
  const seen = new Set<string>();
  for (const name of names) {
    if (name === '__proto__')
      throw contentError(path, 'has a column named __proto__, which no record can hold');
    if (seen.has(name)) throw contentError(path, `has two columns named "${name}" in its header`);
    seen.add(name);
  }
  return names;
}
