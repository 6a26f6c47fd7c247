/**
 * The logs of all subtasks of a job in one table, a row per slot of a ring.
 *
 * 1. I2: one statement decides and writes: a row changes only if it holds the version one lap before.
 * 2. Slots through `archivedThrough` of a base may be used again: their payloads are given back with it.
 */

import type { StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { BaseRecord, LogItem } from '../../core/log/log-item.ts';
import { type SubtaskId, subtaskPath } from '../../core/log/subtask-id.ts';
import type { AppendResult, GroupLog, LogScan } from '../../ports/subtask-log.ts';
import { type ItemRow, itemOfRow, NO_BYTES } from './item-row.ts';
import { ROW_SCHEMA } from './schema.ts';
import type { SqliteFile } from './sqlite-file.ts';

const APPEND = `
INSERT INTO log (run, vertex, subtask, slot, schema, version, writer, kind, seal, epoch, sentThrough,
  processingTime, code, due, inboxPending, place, spillKey, spillLength, spillSha256, checksum, payload)
SELECT :run, :vertex, :subtask, :slot, :schema, :version, :writer, :kind, :seal, :epoch, :sentThrough,
  :processingTime, :code, :due, :inboxPending, :place, :spillKey, :spillLength, :spillSha256, :checksum,
  :payload
WHERE :version <= :ringSize OR EXISTS (
  SELECT 1 FROM log WHERE run = :run AND vertex = :vertex AND subtask = :subtask AND slot = :slot)
ON CONFLICT (run, vertex, subtask, slot) DO UPDATE SET
  schema = excluded.schema, version = excluded.version, writer = excluded.writer, kind = excluded.kind,
  seal = excluded.seal, epoch = excluded.epoch, sentThrough = excluded.sentThrough,
  processingTime = excluded.processingTime, code = excluded.code, due = excluded.due,
  inboxPending = excluded.inboxPending, place = excluded.place, spillKey = excluded.spillKey,
  spillLength = excluded.spillLength, spillSha256 = excluded.spillSha256, checksum = excluded.checksum,
  payload = excluded.payload
WHERE log.version = excluded.version - :ringSize`;

export class SqliteGroupLog implements GroupLog {
  readonly ringSize: number;
  readonly #file: SqliteFile;
  readonly #append: StatementSync;
  readonly #slot: StatementSync;
  readonly #base: StatementSync;
  readonly #moveBase: StatementSync;
  readonly #giveBack: StatementSync;
  readonly #logDeletions: readonly StatementSync[];
  readonly #runDeletions: readonly StatementSync[];

  constructor(file: SqliteFile) {
    this.ringSize = file.ringSize;
    this.#file = file;
    this.#append = file.prepare(APPEND);
    this.#slot = file.prepare('SELECT * FROM log WHERE run = ? AND vertex = ? AND subtask = ? AND slot = ?');
    this.#base = file.prepare(
      'SELECT version, manifest, archivedThrough FROM base WHERE run = ? AND vertex = ? AND subtask = ?',
    );
    this.#moveBase = file.prepare(`
      INSERT INTO base (run, vertex, subtask, schema, version, manifest, archivedThrough)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (run, vertex, subtask) DO UPDATE SET schema = excluded.schema, version = excluded.version,
        manifest = excluded.manifest, archivedThrough = excluded.archivedThrough
      WHERE base.version < excluded.version`);
    this.#giveBack = file.prepare(`
      UPDATE log SET place = 'archived', checksum = 0, payload = NULL
      WHERE run = ? AND vertex = ? AND subtask = ? AND version <= ? AND place <> 'archived'`);
    const deletions = ['log', 'base'].map((table) => `DELETE FROM ${table} WHERE run = ?`);
    this.#runDeletions = deletions.map((deletion) => file.prepare(deletion));
    this.#logDeletions = deletions.map((deletion) =>
      file.prepare(`${deletion} AND vertex = ? AND subtask = ?`),
    );
  }

  async append(subtask: SubtaskId, item: LogItem): Promise<AppendResult> {
    return this.appendGroup([{ subtask, item }]);
  }

  async appendGroup(
    items: readonly { readonly subtask: SubtaskId; readonly item: LogItem }[],
  ): Promise<AppendResult> {
    return this.#file.attempt(() => this.appendNow(items));
  }

  /** As `appendGroup`, within a transaction of the caller, who undoes it if an item is refused. */
  appendNow(items: readonly { readonly subtask: SubtaskId; readonly item: LogItem }[]): AppendResult {
    for (const { subtask, item } of items) {
      const { changes } = this.#append.run({
        ...subtask,
        ...rowOfItem(item),
        slot: item.version % this.ringSize,
        ringSize: this.ringSize,
      });
      if (changes === 0) return { kind: 'refused', found: this.#itemIn(subtask, item.version) };
    }
    return { kind: 'accepted' };
  }

  async readSlot(subtask: SubtaskId, version: number): Promise<LogItem | undefined> {
    return this.#file.read(() => this.#itemIn(subtask, version));
  }

  async readFrom(subtask: SubtaskId, fromVersion: number, limit: number): Promise<LogScan> {
    return this.#file.read(() => this.#scan(subtask, fromVersion, limit));
  }

  async readBase(subtask: SubtaskId): Promise<BaseRecord | undefined> {
    const row = this.#file.read(() => this.#base.get(subtask.run, subtask.vertex, subtask.subtask));
    // The three columns are selected and NOT NULL, with the types of the record's fields.
    return row === undefined ? undefined : { ...(row as unknown as BaseRecord) };
  }

  async moveBase(subtask: SubtaskId, base: BaseRecord): Promise<boolean> {
    const moved = this.#file.write(() => this.moveBaseNow(subtask, base));
    if (moved) this.#file.shrink();
    return moved;
  }

  /** As `moveBase`, within a transaction of the caller. */
  moveBaseNow({ run, vertex, subtask }: SubtaskId, base: BaseRecord): boolean {
    const { version, manifest, archivedThrough } = base;
    const { changes } = this.#moveBase.run(
      run,
      vertex,
      subtask,
      ROW_SCHEMA,
      version,
      manifest,
      archivedThrough,
    );
    if (changes === 0) return false;
    this.#giveBack.run(run, vertex, subtask, Math.min(version, archivedThrough));
    return true;
  }

  async deleteLog({ run, vertex, subtask }: SubtaskId): Promise<void> {
    this.#file.write(() => {
      for (const deletion of this.#logDeletions) deletion.run(run, vertex, subtask);
    });
    this.#file.shrink();
  }

  /** As `deleteLog`, of all subtasks of a run. */
  async deleteRun(run: string): Promise<void> {
    this.#file.write(() => {
      for (const deletion of this.#runDeletions) deletion.run(run);
    });
    this.#file.shrink();
  }

  #scan(subtask: SubtaskId, fromVersion: number, limit: number): LogScan {
    const items: LogItem[] = [];
    for (let version = fromVersion; items.length < limit; version++) {
      const row = this.#rowIn(subtask, version);
      if (row === undefined || row.version < version) return { items, stop: 'head' };
      if (row.version > version || row.place === 'archived') return { items, stop: 'overrun' };
      items.push(itemOfRow(row, this.#file.path, subtaskPath(subtask)));
    }
    return { items, stop: 'limit' };
  }

  #itemIn(subtask: SubtaskId, version: number): LogItem | undefined {
    const row = this.#rowIn(subtask, version);
    return row && itemOfRow(row, this.#file.path, subtaskPath(subtask));
  }

  #rowIn({ run, vertex, subtask }: SubtaskId, version: number): ItemRow | undefined {
    const row = this.#slot.get(run, vertex, subtask, version % this.ringSize);
    // All columns of the table are selected, and ItemRow says their types.
    return row as unknown as ItemRow | undefined;
  }
}

/** The columns of an item, by the names that the statement gives them. */
function rowOfItem({ payload, ...item }: LogItem) {
  const { bytes, spill } =
    payload.kind === 'inline'
      ? { bytes: payload.bytes, spill: undefined }
      : { bytes: NO_BYTES, spill: payload };
  return {
    ...item,
    schema: ROW_SCHEMA,
    seal: item.seal ?? null,
    due: item.due ?? null,
    inboxPending: item.inboxPending ? 1 : 0,
    place: payload.kind,
    spillKey: spill?.key ?? null,
    spillLength: spill?.length ?? null,
    spillSha256: spill?.sha256 ?? null,
    checksum: crc32(bytes),
    payload: bytes,
  };
}
