/** Tables of keyed state: what the `table` state backend keeps outside of memory. */
import { UserError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { KeyedRow, PlaceRow, VersionedRow } from '../core/log/keyed-row.ts';

/**
 * A table on this machine: read at once when a key is needed, changed by the commit that the rows belong to.
 * Rows belong to operators and keys, not to subtasks: they stay where they are when a job is rescaled.
 */
export interface LocalKeyedTable {
  /** The rows of a key, in order of their places. Throws UserError STATE_CORRUPT. */
  readKey(operator: string, key: Uint8Array): readonly PlaceRow[];
  /** All rows of an operator, in order of keys and places. Throws UserError STATE_CORRUPT. */
  rows(operator: string): Iterable<KeyedRow>;
  /** Operators that have rows. */
  operators(): readonly string[];
}

/** Whose rows: a run has its own, because versions begin anew with it. */
export interface TableScope {
  readonly run: string;
  readonly operator: string;
}

/**
 * A table that is not on this machine: keys are loaded before a batch is processed.
 *
 * Throws RetryableError IO_FAILED when an outcome is unknown; every call may be repeated.
 */
export interface KeyedTable {
  /** All rows of each key, tombstones included, in the order of `keys`; strongly consistent. */
  load(scope: TableScope, keys: readonly Uint8Array[]): Promise<readonly (readonly VersionedRow[])[]>;
  /** Writes each row iff the table holds none of that version or a newer one in its place. */
  write(scope: TableScope, rows: readonly VersionedRow[]): Promise<void>;
  /** Removes each row iff it is of exactly that version still. */
  remove(scope: TableScope, rows: readonly Omit<VersionedRow, 'value'>[]): Promise<void>;
  /** Removes the rows of a run that is over. */
  deleteRun(run: string): Promise<void>;
}

/**
 * Throws UserError STATE_VALUE_INVALID for a row that no table has to take. What is in a log has to fit: its
 * rows are written behind it.
 */
export function requireFittingRow(
  operator: string,
  { place, value }: { readonly place: Uint8Array; readonly value: Uint8Array | undefined },
): void {
  const bytes = place.length + (value?.length ?? 0);
  if (bytes <= LIMITS.tableRowBytesMax) return;
  throw new UserError(
    'STATE_VALUE_INVALID',
    `A state value of operator ${operator} has ${bytes} bytes with its name and map key; the state table ` +
      `holds at most ${LIMITS.tableRowBytesMax} in one place. Keep less in a value, take map state or the ` +
      'heap backend.',
    { context: { operatorUid: operator } },
  );
}
