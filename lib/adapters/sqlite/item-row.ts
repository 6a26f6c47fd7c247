/** A row of the log table as a log item. */
import { crc32 } from 'node:zlib';
import { InvariantError } from '../../core/errors.ts';
import type { LogItem, LogItemKind, LogPayload } from '../../core/log/log-item.ts';
import { damagedFailure } from './sqlite-failure.ts';

export const NO_BYTES = new Uint8Array(0);

/** A row, as SQLite gives it. */
export interface ItemRow {
  readonly version: number;
  readonly writer: string;
  readonly kind: LogItemKind;
  readonly seal: 'savepoint' | 'finished' | null;
  readonly epoch: number;
  readonly sentThrough: number;
  readonly processingTime: number;
  readonly code: string;
  readonly due: number | null;
  readonly inboxPending: number;
  readonly place: 'inline' | 'spilled' | 'archived';
  readonly spillKey: string | null;
  readonly spillLength: number | null;
  readonly spillSha256: string | null;
  readonly checksum: number;
  readonly payload: Uint8Array | null;
}

/** The item of `row`; one that has given its payload back has an empty one. */
export function itemOfRow(row: ItemRow, path: string, subtask: string): LogItem {
  return {
    version: row.version,
    writer: row.writer,
    kind: row.kind,
    ...(row.seal === null ? {} : { seal: row.seal }),
    epoch: row.epoch,
    sentThrough: row.sentThrough,
    processingTime: row.processingTime,
    code: row.code,
    due: row.due ?? undefined,
    inboxPending: row.inboxPending === 1,
    payload: payloadOfRow(row, path, subtask),
  };
}

function payloadOfRow(row: ItemRow, path: string, subtask: string): LogPayload {
  if (row.place === 'spilled') {
    const { spillKey: key, spillLength: length, spillSha256: sha256 } = row;
    if (key === null || length === null || sha256 === null) {
      throw new InvariantError(
        'INVARIANT',
        `Version ${row.version} of ${subtask} lacks its object in ${path}.`,
      );
    }
    return { kind: 'spilled', key, length, sha256 };
  }
  const bytes = row.payload ?? NO_BYTES;
  if (crc32(bytes) !== row.checksum) {
    throw damagedFailure(path, `the checksum of version ${row.version} of ${subtask} is wrong`);
  }
  return { kind: 'inline', bytes };
}
