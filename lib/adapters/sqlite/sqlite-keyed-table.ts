import type { SQLOutputValue, StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { KeyedRow, OperatorRowChanges, PlaceRow, RowChange } from '../../core/log/keyed-row.ts';
import type { LocalKeyedTable } from '../../ports/keyed-table.ts';
import { NO_BYTES } from './item-row.ts';
import { ROW_SCHEMA } from './schema.ts';
import { damagedFailure } from './sqlite-failure.ts';
import type { SqliteFile } from './sqlite-file.ts';

/**
 * Places of keyed state as rows in order of operators, keys and places, each with the checksum of its value.
 *
 * One process writes, in transactions: a removed place is a row less, and rows need no version.
 */
export class SqliteKeyedTable implements LocalKeyedTable {
  readonly #file: SqliteFile;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #key: StatementSync;
  readonly #all: StatementSync;
  readonly #firstBehind: StatementSync;
  readonly #drop: StatementSync;

  constructor(file: SqliteFile) {
    this.#file = file;
    this.#put = file.prepare(`
      INSERT INTO keyed (operator, key, place, schema, checksum, value) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (operator, key, place) DO UPDATE SET schema = excluded.schema,
        checksum = excluded.checksum, value = excluded.value`);
    this.#remove = file.prepare(
      'DELETE FROM keyed WHERE operator = ? AND key = ? AND place >= ? AND place < ?',
    );
    this.#key = file.prepare(
      'SELECT place, checksum, value FROM keyed WHERE operator = ? AND key = ? ORDER BY place',
    );
    this.#all = file.prepare(
      'SELECT place, checksum, value, key FROM keyed WHERE operator = ? ORDER BY key, place',
    );
    // Objects with names would cost more than the query.
    this.#key.setReturnArrays(true);
    this.#all.setReturnArrays(true);
    this.#firstBehind = file.prepare(
      'SELECT operator FROM keyed WHERE operator > ? ORDER BY operator LIMIT 1',
    );
    this.#drop = file.prepare('DELETE FROM keyed WHERE operator = ?');
  }

  readKey(operator: string, key: Uint8Array): readonly PlaceRow[] {
    const rows = this.#file.read(() => this.#key.all(operator, key));
    return rows.map((row) => this.#placeRow(operator, columnsOf(row)));
  }

  *rows(operator: string): Generator<KeyedRow> {
    for (const row of this.#file.read(() => this.#all.iterate(operator))) {
      const columns = columnsOf(row);
      yield { key: bytesOf(columns[3]), ...this.#placeRow(operator, columns) };
    }
  }

  operators(): readonly string[] {
    const names: string[] = [];
    for (let last = ''; ; last = names.at(-1) ?? '') {
      const row = this.#file.read(() => this.#firstBehind.get(last));
      if (row === undefined) return names;
      names.push(String(row.operator));
    }
  }

  /** Within a transaction of the caller. */
  applyNow(changes: readonly OperatorRowChanges[]): void {
    for (const { operator, changes: rows } of changes) for (const row of rows) this.#apply(operator, row);
  }

  /** Removes all rows of operators, within a transaction of the caller. */
  dropNow(operators: readonly string[]): void {
    for (const operator of operators) this.#drop.run(operator);
  }

  #apply(operator: string, change: RowChange): void {
    const { key, place } = change;
    if (change.op === 'remove') this.#remove.run(operator, key, place, change.end);
    else this.#put.run(operator, key, place, ROW_SCHEMA, crc32(change.value), change.value);
  }

  /** `columns`: place, checksum, value. */
  #placeRow(operator: string, columns: readonly (SQLOutputValue | undefined)[]): PlaceRow {
    const value = bytesOf(columns[2]);
    if (crc32(value) !== columns[1]) {
      throw damagedFailure(this.#file.path, `the checksum of a row of operator ${operator} is wrong`);
    }
    return { place: bytesOf(columns[0]), value };
  }
}

/** The types of SQLite's statements know objects only; these give arrays. */
function columnsOf(row: unknown): readonly SQLOutputValue[] {
  return row as readonly SQLOutputValue[];
}

/** SQLite may give an empty blob as null. */
function bytesOf(value: SQLOutputValue | undefined): Uint8Array {
  return value instanceof Uint8Array ? value : NO_BYTES;
}
