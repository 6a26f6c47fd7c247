import type { SQLOutputValue, StatementSync } from 'node:sqlite';
import { LIMITS } from '../../core/limits.ts';
import type { JobRecord, JobRecords } from '../../ports/job-records.ts';
import { ROW_SCHEMA } from './schema.ts';
import { damagedFailure } from './sqlite-failure.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** Records as rows of JSON. */
export class SqliteJobRecords implements JobRecords {
  readonly #file: SqliteFile;
  readonly #get: StatementSync;
  readonly #create: StatementSync;
  readonly #update: StatementSync;
  readonly #page: StatementSync;

  constructor(file: SqliteFile) {
    this.#file = file;
    this.#get = file.prepare('SELECT key, revision, value FROM record WHERE key = ?');
    this.#create = file.prepare(`
      INSERT INTO record (key, schema, revision, value) VALUES (?, ?, 1, ?) ON CONFLICT (key) DO NOTHING`);
    this.#update = file.prepare(`
      UPDATE record SET schema = ?, revision = revision + 1, value = ? WHERE key = ? AND revision = ?`);
    this.#page = file.prepare(`
      SELECT key, revision, value FROM record WHERE key >= ? AND key > ? ORDER BY key LIMIT ?`);
  }

  async get(key: string): Promise<JobRecord | undefined> {
    const row = this.#file.read(() => this.#get.get(key));
    return row && this.#recordOf(row);
  }

  async create(key: string, value: unknown): Promise<boolean> {
    return this.#file.write(() => this.createNow(key, value));
  }

  /** As `create`, within a transaction of the caller. */
  createNow(key: string, value: unknown): boolean {
    return this.#create.run(key, ROW_SCHEMA, JSON.stringify(value)).changes === 1;
  }

  async update(key: string, revision: number, value: unknown): Promise<boolean> {
    return this.#file.write(() => this.updateNow(key, revision, value));
  }

  /** As `update`, within a transaction of the caller. */
  updateNow(key: string, revision: number, value: unknown): boolean {
    return this.#update.run(ROW_SCHEMA, JSON.stringify(value), key, revision).changes === 1;
  }

  async list(prefix: string): Promise<readonly JobRecord[]> {
    const records: JobRecord[] = [];
    for (let page = this.#pageAfter(prefix, ''); page.length > 0; ) {
      for (const record of page) {
        if (!record.key.startsWith(prefix)) return records;
        records.push(record);
      }
      page = this.#pageAfter(prefix, page.at(-1)?.key ?? '');
    }
    return records;
  }

  #pageAfter(prefix: string, after: string): readonly JobRecord[] {
    const rows = this.#file.read(() => this.#page.all(prefix, after, LIMITS.storePageRowsMax));
    return rows.map((row) => this.#recordOf(row));
  }

  #recordOf(row: Record<string, SQLOutputValue>): JobRecord {
    const key = String(row.key);
    try {
      return { key, revision: Number(row.revision), value: JSON.parse(String(row.value)) };
    } catch (error) {
      throw damagedFailure(this.#file.path, `the record ${key} is not JSON`, error);
    }
  }
}
