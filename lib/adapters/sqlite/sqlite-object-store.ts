import type { StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { LIMITS } from '../../core/limits.ts';
import type { ObjectStore, StoredObject } from '../../ports/object-store.ts';
import { ROW_SCHEMA } from './schema.ts';
import { damagedFailure } from './sqlite-failure.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** Objects as rows, each with the checksum of its bytes. */
export class SqliteObjectStore implements ObjectStore {
  readonly #file: SqliteFile;
  readonly #put: StatementSync;
  readonly #get: StatementSync;
  readonly #page: StatementSync;
  readonly #delete: StatementSync;

  constructor(file: SqliteFile) {
    this.#file = file;
    this.#put = file.prepare(`
      INSERT INTO object (name, schema, bytes, storedAt, checksum, data) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (name) DO NOTHING`);
    this.#get = file.prepare('SELECT checksum, data FROM object WHERE name = ?');
    this.#page = file.prepare(`
      SELECT name, bytes, storedAt FROM object WHERE name >= ? AND name > ? ORDER BY name LIMIT ?`);
    this.#delete = file.prepare('DELETE FROM object WHERE name = ?');
  }

  async put(name: string, bytes: Uint8Array): Promise<boolean> {
    return this.#file.write(() => this.putNow(name, bytes));
  }

  /** As `put`, within a transaction of the caller. */
  putNow(name: string, bytes: Uint8Array): boolean {
    const { changes } = this.#put.run(name, ROW_SCHEMA, bytes.length, Date.now(), crc32(bytes), bytes);
    return changes === 1;
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    const row = this.#file.read(() => this.#get.get(name));
    if (row === undefined) return undefined;
    const bytes = row.data instanceof Uint8Array ? row.data : new Uint8Array(0);
    if (crc32(bytes) === row.checksum) return bytes;
    throw damagedFailure(this.#file.path, `the checksum of the object ${name} is wrong`);
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    for (let page = this.#pageAfter(prefix, ''); page.length > 0; ) {
      for (const object of page) {
        if (!object.name.startsWith(prefix)) return;
        yield object;
      }
      page = this.#pageAfter(prefix, page.at(-1)?.name ?? '');
    }
  }

  async delete(names: readonly string[]): Promise<void> {
    this.#file.write(() => this.deleteNow(names));
  }

  /** As `delete`, within a transaction of the caller. */
  deleteNow(names: readonly string[]): void {
    for (const name of names) this.#delete.run(name);
  }

  #pageAfter(prefix: string, after: string): readonly StoredObject[] {
    const rows = this.#file.read(() => this.#page.all(prefix, after, LIMITS.storePageRowsMax));
    return rows.map((row) => ({
      name: String(row.name),
      bytes: Number(row.bytes),
      storedAt: Number(row.storedAt),
    }));
  }
}
