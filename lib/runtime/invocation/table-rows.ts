/**
 * Keyed state of a subtask in a table: a cache of what the log says, by key.
 *
 * T1. (I9) Rows are written only from a version that is in the log, and say which: what never was committed
 *     is never in the table.
 * T2. A version is put only when the rows of all versions before are in the table. So a process that loads
 *     the subtask repeats the rows of at most one version, the last that a process has put: every write is
 *     absolute, and conditional on the table holding nothing newer in that place.
 * T3. A replica at version v reads rows only when those of v are in the table, and takes them only if none is
 *     newer than v: then they are the state of v. A newer one shows that it is behind its log.
 * T4. A place that was ever written keeps a row until long after it was removed, so that a writer that was
 *     frozen cannot bring it back: what clears several places leaves a tombstone in each.
 * T5. Rows belong to a run, and a key to one subtask of it: versions of a place are those of one log.
 * T6. Rows that no table can hold are refused before their version is in the log: behind it, nothing could
 *     be done about them.
 */
import { rowChangesOf } from '../../core/codec/keyed-rows.ts';
import { estimateBytes } from '../../core/codec/value-size.ts';
import { InvariantError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { VersionedRow } from '../../core/log/keyed-row.ts';
import type { KeyedChange, OperatorDelta } from '../../core/log/state-delta.ts';
import { type KeyedTable, requireFittingRow, type TableScope } from '../../ports/keyed-table.ts';
import { persistently } from '../../ports/stored-objects.ts';
import type { KeyedVersion } from '../../protocol/keyed-version.ts';
import { endsOthers, placedRows, versionedRows } from '../../protocol/materialised-row.ts';
import type { InvocationContext } from './invocation-ports.ts';
import type { VersionInput } from './key-demand.ts';
import type { Replica, RowShare } from './replica.ts';

/** Encoded text has up to three bytes a character; an estimate counts one. */
const ESTIMATE_FACTOR = 4;

/**
 * (T2) Writes the rows that the table may lack. `checkTime` may throw between two shares; the replica
 * remembers which are done.
 */
export async function writeRows(
  context: InvocationContext,
  replica: Replica,
  checkTime: () => void,
): Promise<void> {
  const { unwritten } = replica;
  if (unwritten === undefined) return;
  if (replica.rowWrites?.of !== unwritten) {
    replica.rowWrites = { of: unwritten, shares: await rowShares(context, unwritten) };
  }
  const { shares } = replica.rowWrites;
  for (let share = shares.at(-1); share !== undefined; share = shares.at(-1)) {
    checkTime();
    const { scope, rows } = share;
    await persistently(() => tableOf(context).write(scope, rows));
    shares.pop();
  }
  replica.unwritten = undefined;
  replica.rowWrites = undefined;
}

async function rowShares(context: InvocationContext, { version, deltas }: KeyedVersion): Promise<RowShare[]> {
  const shares: RowShare[] = [];
  // The changes of an operator are one write, in however many deltas they are: what is cleared in one of them
  // may be put in another.
  const operators = Map.groupBy(context.rules.writesRows(version) ? deltas : [], ({ operator }) => operator);
  for (const [operator, ofOne] of operators) {
    const keyed = ofOne.flatMap((delta) => delta.keyed);
    const scope = { run: context.subtask.run, operator };
    const table = tableOf(context);
    const rows = await placed(table, scope, versionedRows(rowChangesOf(keyed), version));
    for (let from = 0; from < rows.length; from += LIMITS.tableWriteRowsMax) {
      shares.push({ scope, rows: rows.slice(from, from + LIMITS.tableWriteRowsMax) });
    }
  }
  return shares;
}

/** (T6) Throws UserError STATE_VALUE_INVALID. */
export function requireFittingRows(replica: Replica, operators: readonly OperatorDelta[]): void {
  const table = replica.program.tableState;
  const keyed = operators.find(({ operator }) => operator === table?.operator)?.keyed ?? [];
  const large = keyed.map((state) => ({ ...state, changes: state.changes.filter(mayBeLarge) }));
  for (const row of rowChangesOf(large)) {
    if (row.op === 'put' && table !== undefined) requireFittingRow(table.operator, row);
  }
}

/** Only what comes near the limit has to be encoded to know. */
function mayBeLarge(change: KeyedChange): boolean {
  if (change.op !== 'put') return false;
  const bytes = estimateBytes(change.value) + estimateBytes(change.part);
  return bytes * ESTIMATE_FACTOR > LIMITS.tableRowBytesMax;
}

/** (T4) Only keys of which a whole map or list, or the end of a list, has gone are read for that. */
async function placed(
  table: KeyedTable,
  scope: TableScope,
  rows: readonly VersionedRow[],
): Promise<readonly VersionedRow[]> {
  if (!rows.some(endsOthers)) return rows;
  const keys = [...Map.groupBy(rows, ({ key }) => Buffer.from(key).toString('latin1')).values()];
  const ending = keys.filter((ofKey) => ofKey.some(endsOthers));
  const held = await loadAll(
    table,
    scope,
    ending.map(([row]) => (row as VersionedRow).key),
  );
  const whole = keys.filter((ofKey) => !ending.includes(ofKey)).flat();
  return [...whole, ...ending.flatMap((ofKey, index) => placedRows(ofKey, held[index] ?? []))];
}

/**
 * Brings the keys that the input may touch into reach of the program; false if the replica turns out to be
 * behind its log (T3).
 */
export async function prefetchRows(
  context: InvocationContext,
  replica: Replica,
  input: () => VersionInput,
): Promise<boolean> {
  const { tableState } = replica.program;
  if (tableState === undefined) return true;
  if (replica.unwritten !== undefined) {
    throw new InvariantError(
      'INVARIANT',
      `Keys were read before version ${replica.version} was in the table.`,
    );
  }
  const missing = tableState.missingKeys(input());
  if (missing.size === 0) return true;
  const scope = { run: context.subtask.run, operator: tableState.operator };
  const rows = await loadAll(tableOf(context), scope, [...missing.values()]);
  const newest = rows.flat().reduce((highest, row) => Math.max(highest, row.version), 0);
  if (!context.rules.mayTakeRows({ newest, version: replica.version })) return false;
  tableState.bring(missing, rows);
  return true;
}

async function loadAll(
  table: KeyedTable,
  scope: TableScope,
  keys: readonly Uint8Array[],
): Promise<readonly (readonly VersionedRow[])[]> {
  const rows: (readonly VersionedRow[])[] = [];
  for (let from = 0; from < keys.length; from += LIMITS.tableLoadKeysMax) {
    const some = keys.slice(from, from + LIMITS.tableLoadKeysMax);
    rows.push(...(await persistently(() => table.load(scope, some))));
  }
  return rows;
}

function tableOf({ table }: InvocationContext): KeyedTable {
  if (table !== undefined) return table;
  throw new InvariantError(
    'INVARIANT',
    'A program keeps keyed state in a table that its host does not have.',
  );
}
