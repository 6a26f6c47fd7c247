/** A state database that is open: its settings, its transactions and its errors. */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { UserError } from '../../core/errors.ts';
import { APPLICATION_ID, FORMAT_VERSION, TABLES } from './schema.ts';
import { resultCodeOf, sqliteFailure } from './sqlite-failure.ts';

/** Room that a page of the database has; most rows are larger than the default of 4 KB. */
const PAGE_BYTES = 8192;

export interface SqliteFileOptions {
  readonly jobName: string;
  /** For a new file; one that exists has its own. */
  readonly ringSize: number;
  /** Size that the database may reach, in bytes. */
  readonly bytesMax?: number;
  readonly lockWaitMs: number;
}

/** What a file says about itself. */
interface Meta {
  readonly formatVersion: number;
  readonly jobName: string;
  readonly ringSize: number;
}

export class SqliteFile {
  readonly path: string;
  readonly ringSize: number;
  readonly #database: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #freePages: StatementSync;
  readonly #allPages: StatementSync;

  private constructor(path: string, ringSize: number, database: DatabaseSync) {
    this.path = path;
    this.ringSize = ringSize;
    this.#database = database;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#freePages = database.prepare('PRAGMA freelist_count');
    this.#allPages = database.prepare('PRAGMA page_count');
  }

  /** Opens the database at `path`, or makes it. */
  static open(path: string, options: SqliteFileOptions): SqliteFile {
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(path, { timeout: options.lockWaitMs, enableForeignKeyConstraints: false });
      const isNew = checkOwner(database, path);
      applySettings(database, path, options);
      if (isNew) makeTables(database, options);
      const { ringSize } = checkMeta(database, path, options.jobName);
      return new SqliteFile(path, ringSize, database);
    } catch (error) {
      database?.close();
      throw sqliteFailure(path, error);
    }
  }

  prepare(sql: string): StatementSync {
    return this.#database.prepare(sql);
  }

  /** Runs `change` in a transaction, which is undone unless the outcome is `accepted`. */
  attempt<T extends { readonly kind: string }>(change: () => T): T {
    return this.#transaction(change, (outcome) => outcome.kind === 'accepted');
  }

  /** Runs `change` in a transaction. */
  write<T>(change: () => T): T {
    return this.#transaction(change, () => true);
  }

  /** Runs `query` with its errors explained. */
  read<T>(query: () => T): T {
    try {
      return query();
    } catch (error) {
      throw sqliteFailure(this.path, error);
    }
  }

  /**
   * Gives room back to the file system when most of the file is empty. Never fails: what it works on is
   * committed already, and a file that is damaged will say so to its next reader.
   */
  shrink(): void {
    try {
      this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      const free = pragmaNumber(this.#freePages, 'freelist_count');
      const all = pragmaNumber(this.#allPages, 'page_count');
      if (free > all / 2) {
        this.#database.exec(`PRAGMA incremental_vacuum(${free - Math.floor(all / 8)})`);
        this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      }
    } catch (error) {
      if (resultCodeOf(error) === undefined) throw error;
    }
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #transaction<T>(change: () => T, keeps: (outcome: T) => boolean): T {
    try {
      this.#begin.run();
      const outcome = change();
      if (keeps(outcome)) this.#commit.run();
      else this.#database.exec('ROLLBACK');
      return outcome;
    } catch (error) {
      // SQLite has rolled back by itself after some errors, a full disk among them.
      if (this.#database.isTransaction) this.read(() => this.#database.exec('ROLLBACK'));
      throw sqliteFailure(this.path, error);
    }
  }
}

/** Throws if the file belongs to somebody else, before anything is written to it; true if it is empty. */
function checkOwner(database: DatabaseSync, path: string): boolean {
  const id = pragmaNumber(database.prepare('PRAGMA application_id'), 'application_id');
  if (id === APPLICATION_ID) return false;
  const tables = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get();
  if (id === 0 && tables?.tables === 0) return true;
  throw new UserError(
    'STATE_DIR_FOREIGN',
    `${path} is a database of another application. Move the file away, or give another state directory.`,
  );
}

function applySettings(database: DatabaseSync, path: string, options: SqliteFileOptions): void {
  // The first two take effect only in a file that has no page yet.
  database.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL;`);
  const mode = database.prepare('PRAGMA journal_mode = WAL').get();
  if (mode?.journal_mode !== 'wal') {
    throw new UserError(
      'STATE_DIR_UNUSABLE',
      `The file system of ${path} does not support shared memory, which the write-ahead log needs. Give a ` +
        'state directory on a local disk.',
    );
  }
  // `fullfsync` is for macOS, where a plain fsync leaves data in the cache of the disk.
  database.exec(`
    PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
    PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768;
    PRAGMA wal_autocheckpoint = 1024; PRAGMA journal_size_limit = ${16 << 20};
    PRAGMA cell_size_check = ON;
  `);
  if (options.bytesMax === undefined) return;
  database.exec(`PRAGMA max_page_count = ${Math.ceil(options.bytesMax / PAGE_BYTES)}`);
}

function makeTables(database: DatabaseSync, options: SqliteFileOptions): void {
  database.exec('BEGIN IMMEDIATE');
  database.exec(TABLES);
  const insert = database.prepare('INSERT INTO meta (key, value) VALUES (?, ?)');
  insert.run('formatVersion', FORMAT_VERSION);
  insert.run('jobName', options.jobName);
  insert.run('ringSize', options.ringSize);
  insert.run('createdAt', new Date().toISOString());
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; COMMIT`);
}

function checkMeta(database: DatabaseSync, path: string, jobName: string): Meta {
  const meta = readMeta(database);
  if (meta.formatVersion > FORMAT_VERSION) {
    throw new UserError(
      'STATE_FORMAT_UNSUPPORTED',
      `${path} has format ${meta.formatVersion}; this version of Millrace reads formats up to ` +
        `${FORMAT_VERSION}. Use the version of Millrace that wrote it, or a later one.`,
    );
  }
  if (meta.jobName !== jobName) {
    throw new UserError(
      'STATE_DIR_FOREIGN',
      `${path} holds the state of the job "${meta.jobName}", not of "${jobName}". Give every job a state ` +
        'directory of its own.',
    );
  }
  return meta;
}

function readMeta(database: DatabaseSync): Meta {
  const values = new Map<unknown, unknown>();
  for (const { key, value } of database.prepare('SELECT key, value FROM meta').iterate()) {
    values.set(key, value);
  }
  return {
    formatVersion: Number(values.get('formatVersion')),
    jobName: String(values.get('jobName')),
    ringSize: Number(values.get('ringSize')),
  };
}

function pragmaNumber(statement: StatementSync, name: string): number {
  return Number(statement.get()?.[name]);
}
