import type { DecodedArray, SchemaTree } from 'hyparquet';
import { contentError } from './file-error.ts';
import type { ParquetFile } from './parquet-file.ts';
import {
  conversionOf,
  type ParquetConversion,
  type ParquetValueOptions,
  storedValueParsers,
  ValueProblem,
  withoutLogicalTypes,
} from './parquet-values.ts';

/** A top-level column that is read. */
export interface ParquetColumn {
  readonly name: string;
  readonly convert: ParquetConversion;
}

/** Rows of a file, counted from 0; `end` is not included. */
export interface RowRange {
  readonly start: number;
  readonly end: number;
}

/** The columns to read: all, or the declared ones. Throws UserError SOURCE_INVALID naming a missing one. */
export function selectColumns(
  schema: { readonly path: string; readonly root: SchemaTree },
  declared: readonly string[] | undefined,
  options: ParquetValueOptions,
): ParquetColumn[] {
  const { path, root } = schema;
  const byName = new Map(root.children.map((child) => [child.element.name, child]));
  const names = declared ?? [...byName.keys()];
  return names.map((name) => {
    const child = byName.get(name);
    if (child === undefined) {
      throw contentError(path, `has no column "${name}"; its columns are ${[...byName.keys()].join(', ')}`);
    }
    return { name, convert: conversionOf(child, options) };
  });
}

/** The stored values of some rows, column by column; rows become objects one at a time. */
export class ParquetRows {
  /** Why the last row could not be made; undefined if it could. */
  problem: string | undefined;
  private readonly cursors: readonly ColumnCursor[];

  constructor(cursors: readonly ColumnCursor[]) {
    this.cursors = cursors;
  }

  /** The next row. A value that has no JavaScript form stays as it is stored and sets `problem`. */
  next(): Record<string, unknown> {
    this.problem = undefined;
    const row: Record<string, unknown> = {};
    for (const cursor of this.cursors) row[cursor.name] = this.value(cursor);
    return row;
  }

  private value(cursor: ColumnCursor): unknown {
    const stored = cursor.next();
    try {
      return cursor.convert(stored);
    } catch (thrown) {
      if (!(thrown instanceof ValueProblem)) throw thrown;
      this.problem ??= `Column "${cursor.name}" ${thrown.message}.`;
      return stored;
    }
  }
}

/** Reads the columns of `rows`, which lie in one row group. */
export async function readRows(
  file: ParquetFile,
  columns: readonly ParquetColumn[],
  rows: RowRange,
): Promise<ParquetRows> {
  const [{ parquetRead }, { compressors }] = await Promise.all([
    import('hyparquet'),
    import('./parquet-compressors.ts'),
  ]);
  const cursors = new Map(columns.map((column) => [column.name, new ColumnCursor(column, rows.start)]));
  await parquetRead({
    file: file.bytes,
    metadata: { ...file.metadata, schema: withoutLogicalTypes(file.metadata.schema) },
    columns: columns.map((column) => column.name),
    rowStart: rows.start,
    rowEnd: rows.end,
    compressors,
    parsers: storedValueParsers,
    utf8: false,
    geoparquet: false,
    onChunk: (chunk) => cursors.get(chunk.columnName)?.add(chunk.columnData, chunk.rowStart),
  });
  return new ParquetRows([...cursors.values()]);
}

/** Walks through the pages of one column. */
class ColumnCursor {
  readonly name: string;
  readonly convert: ParquetConversion;
  private readonly pages: DecodedArray[] = [];
  private page = 0;
  private index = 0;
  private toSkip: number;

  constructor(column: ParquetColumn, firstRow: number) {
    this.name = column.name;
    this.convert = column.convert;
    this.toSkip = firstRow;
  }

  /** Pages come in order; the first ones may begin before the first row asked for. */
  add(values: DecodedArray, rowStart: number): void {
    if (this.pages.length === 0) this.index = this.toSkip - rowStart;
    this.pages.push(values);
  }

  next(): unknown {
    let values = this.pages[this.page];
    while (values !== undefined && this.index >= values.length) {
      this.index -= values.length;
      this.page += 1;
      values = this.pages[this.page];
    }
    return values?.[this.index++];
  }
}
