/**
 * Everything that an embedded job keeps, in one SQLite file of its state directory.
 *
 * 1. A commit is one transaction: items, bases, objects and records change together or not at all, and are
 *    on the disk before `commit` returns.
 * 2. One process at a time: the directory is locked while the store is open.
 * 3. A commit that fails leaves the last one as it was, and the store usable.
 * 4. A base moved forward gives back the room of the items it has archived: a reader that still asks for them
 *    is told that it was overrun, as when the ring had come round (I2 holds: versions and writers stay).
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { InvariantError, isStreamError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { OperatorRowChanges } from '../../core/log/keyed-row.ts';
import type { BaseRecord, LogItem } from '../../core/log/log-item.ts';
import { type SubtaskId, subtaskPath } from '../../core/log/subtask-id.ts';
import type { JobRecords } from '../../ports/job-records.ts';
import type { LocalKeyedTable } from '../../ports/keyed-table.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { AppendResult, GroupLog } from '../../ports/subtask-log.ts';
import { SqliteFile } from './sqlite-file.ts';
import { SqliteGroupLog } from './sqlite-group-log.ts';
import { SqliteJobRecords } from './sqlite-job-records.ts';
import { SqliteKeyedTable } from './sqlite-keyed-table.ts';
import { SqliteObjectStore } from './sqlite-object-store.ts';
import { StateLock } from './state-lock.ts';

/** Name of the database within the state directory. */
export const DATABASE_NAME = 'state.db';

export interface SqliteStoreOptions {
  /** Recorded in a new directory; one that holds the state of another job is refused. */
  readonly jobName: string;
  /** Slots of each subtask's ring: LIMITS.logRingSlots unless given; fixed for the life of the directory. */
  readonly ringSize?: number;
  /** Size that the database may reach, in bytes; unbounded unless given. */
  readonly bytesMax?: number;
  /** Wait for another tool that writes to the database, in ms: LIMITS.storeLockWaitMs unless given. */
  readonly lockWaitMs?: number;
}

/** A record that changes with a commit; `revision` undefined: it must not exist yet. */
export interface RecordChange {
  readonly key: string;
  readonly revision: number | undefined;
  /** Plain JSON data. */
  readonly value: unknown;
}

/** What changes together; absent fields change nothing. */
export interface StoreCommit {
  /** In order; the items of one subtask with rising versions. */
  readonly items?: readonly { readonly subtask: SubtaskId; readonly item: LogItem }[];
  /** Removed before `objects` are stored, so that their room is used again. */
  readonly deletedObjects?: readonly string[];
  /** Objects of new names. */
  readonly objects?: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  /** Each ahead of the base that the store has. */
  readonly bases?: readonly { readonly subtask: SubtaskId; readonly base: BaseRecord }[];
  readonly records?: readonly RecordChange[];
  /** Operators whose rows of keyed state are removed, before `rows`. */
  readonly droppedRows?: readonly string[];
  /** Changes of rows of keyed state. */
  readonly rows?: readonly OperatorRowChanges[];
}

/** `record-changed`: the record of `key` is not at the revision expected. Refused commits change nothing. */
export type CommitResult = AppendResult | { readonly kind: 'record-changed'; readonly key: string };

/** The store of one embedded job. */
export class SqliteStore {
  readonly log: GroupLog;
  readonly objects: ObjectStore;
  readonly records: JobRecords;
  readonly keyed: LocalKeyedTable;
  readonly #log: SqliteGroupLog;
  readonly #objects: SqliteObjectStore;
  readonly #records: SqliteJobRecords;
  readonly #keyed: SqliteKeyedTable;
  readonly #file: SqliteFile;
  readonly #lock: StateLock;

  private constructor(file: SqliteFile, lock: StateLock) {
    this.#file = file;
    this.#lock = lock;
    this.log = this.#log = new SqliteGroupLog(file);
    this.objects = this.#objects = new SqliteObjectStore(file);
    this.records = this.#records = new SqliteJobRecords(file);
    this.keyed = this.#keyed = new SqliteKeyedTable(file);
  }

  /**
   * Opens the state directory `folder`, which is made if it is missing, and locks it for this process.
   *
   * Throws UserError STATE_DIR_LOCKED, STATE_DIR_UNUSABLE, STATE_DIR_FULL, STATE_DIR_FOREIGN,
   * STATE_FORMAT_UNSUPPORTED or STATE_CORRUPT.
   */
  static open(folder: string, options: SqliteStoreOptions): SqliteStore {
    const lock = StateLock.acquire(folder);
    try {
      const file = SqliteFile.open(join(folder, DATABASE_NAME), {
        ...options,
        ringSize: options.ringSize ?? LIMITS.logRingSlots,
        lockWaitMs: options.lockWaitMs ?? LIMITS.storeLockWaitMs,
      });
      return new SqliteStore(file, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** True if there is a state in `folder`, whoever's. */
  static exists(folder: string): boolean {
    return existsSync(join(folder, DATABASE_NAME));
  }

  /**
   * Removes the state in `folder`, also a damaged one or one of a later format, once `check` has resolved;
   * the directory is locked meanwhile.
   *
   * Throws what `check` throws, UserError STATE_DIR_FOREIGN for the state of another job, STATE_DIR_LOCKED or
   * STATE_DIR_UNUSABLE.
   */
  static async discard(
    folder: string,
    { jobName }: Pick<SqliteStoreOptions, 'jobName'>,
    check: () => Promise<void>,
  ): Promise<void> {
    const lock = StateLock.acquire(folder);
    try {
      const path = join(folder, DATABASE_NAME);
      if (existsSync(path)) requireOwnOrUnreadable(path, jobName);
      await check();
      // The write-ahead log last: without it a database that is still there would be an older one.
      for (const suffix of ['', '-shm', '-wal']) rmSync(path + suffix, { force: true });
    } finally {
      lock.release();
    }
  }

  /**
   * Makes all of `change` durable or, if an item or a record is refused, none of it.
   *
   * Throws UserError STATE_DIR_FULL when the disk is full: nothing has changed. Throws RetryableError
   * IO_FAILED when the outcome is unknown: open the directory again and read what it holds.
   */
  commit(change: StoreCommit): CommitResult {
    const result = this.#file.attempt(() => this.#apply(change));
    if (result.kind === 'accepted' && change.bases !== undefined && change.bases.length > 0)
      this.#file.shrink();
    return result;
  }

  /** Closes the database and gives the directory free. Closing twice does no harm. */
  close(): void {
    this.#file.close();
    this.#lock.release();
  }

  #apply(change: StoreCommit): CommitResult {
    for (const { key, revision, value } of change.records ?? []) {
      const changed =
        revision === undefined
          ? this.#records.createNow(key, value)
          : this.#records.updateNow(key, revision, value);
      if (!changed) return { kind: 'record-changed', key };
    }
    const appended = this.#log.appendNow(change.items ?? []);
    if (appended.kind === 'refused') return appended;
    for (const { subtask, base } of change.bases ?? []) {
      if (this.#log.moveBaseNow(subtask, base)) continue;
      throw new InvariantError(
        'INVARIANT',
        `The base of ${subtaskPath(subtask)} stands at or ahead of version ${base.version} already.`,
      );
    }
    this.#keyed.dropNow(change.droppedRows ?? []);
    this.#keyed.applyNow(change.rows ?? []);
    this.#objects.deleteNow(change.deletedObjects ?? []);
    for (const { name, bytes } of change.objects ?? []) {
      if (this.#objects.putNow(name, bytes)) continue;
      throw new InvariantError('INVARIANT', `The object ${name} is written twice.`);
    }
    return appended;
  }
}

/** A database that cannot be read belongs to whoever has named its directory. */
function requireOwnOrUnreadable(path: string, jobName: string): void {
  try {
    SqliteFile.open(path, {
      jobName,
      ringSize: LIMITS.logRingSlots,
      lockWaitMs: LIMITS.storeLockWaitMs,
    }).close();
  } catch (error) {
    const isUnreadable =
      isStreamError(error) && (error.code === 'STATE_CORRUPT' || error.code === 'STATE_FORMAT_UNSUPPORTED');
    if (!isUnreadable) throw error;
  }
}
