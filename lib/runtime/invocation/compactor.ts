/**
 * Folds the log of a subtask into a new base, from inside of the subtask.
 *
 * 1. (I3) The base moves only after its chunks, its segment and its manifest are stored.
 * 2. (I9) It is taken from a replica without uncommitted changes: it is the state of one version.
 * 3. (T2) The rows of its version are in the table, if keyed state is in one.
 * 4. Outboxes that are not known to be acknowledged are part of it.
 */
import { InvariantError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { LogItem } from '../../core/log/log-item.ts';
import { type StateShare, storeBase } from '../../ports/stored-base.ts';
import { MissingObjectError, persistently, readBaseManifest } from '../../ports/stored-objects.ts';
import type { InvocationContext } from './invocation-ports.ts';
import type { Replica } from './replica.ts';
import { foldRows, type RowsToFold } from './rows-fold.ts';
import type { SubtaskProgram } from './subtask-program.ts';

/** Moves the base to the version of the replica; false if the replica is behind the store's base. */
export async function compactReplica(context: InvocationContext, replica: Replica): Promise<boolean> {
  if (replica.unwritten !== undefined) throw new InvariantError('INVARIANT', 'A base would hide its rows.');
  if (replica.uncommitted) throw new InvariantError('INVARIANT', 'Uncommitted state was to become a base.');
  const { log, subtask } = context;
  const program = await replica.start();
  const base = await persistently(() => log.readBase(subtask));
  replica.base = base;
  if (base !== undefined && base.version >= replica.version) return base.version === replica.version;
  const items = await itemsBetween(context, (base?.version ?? 0) + 1, replica.version);
  if (items === undefined) return false;
  const moved = await unlessMoved(async () => {
    const before = base && (await readBaseManifest(context.objects, base.manifest));
    return storeBase(
      context.objects,
      { subtask, nonce: context.nonce() },
      {
        version: replica.version,
        items,
        segments: before?.segments ?? [],
        state: stateOf(context, program, { base: before, items }),
        toManifest: (chunks, all) => replica.vectors.toBase(chunks, all),
      },
    );
  });
  if (moved === undefined) return false;
  await persistently(() => log.moveBase(subtask, moved));
  replica.base = await persistently(() => log.readBase(subtask));
  return true;
}

/** Undefined if the log has been overrun meanwhile. */
async function itemsBetween(
  { log, subtask }: InvocationContext,
  from: number,
  through: number,
): Promise<readonly LogItem[] | undefined> {
  const items: LogItem[] = [];
  while (from + items.length <= through) {
    const next = from + items.length;
    const count = Math.min(LIMITS.catchUpItemsMax, through - next + 1);
    const scan = await persistently(() => log.readFrom(subtask, next, count));
    if (scan.items.length === 0) return undefined;
    items.push(...scan.items);
  }
  return items;
}

/** What is in memory, and what is in a table. */
async function* stateOf(
  { objects }: InvocationContext,
  program: SubtaskProgram,
  rows: Omit<RowsToFold, 'operator'>,
): AsyncGenerator<StateShare> {
  yield { content: { kind: 'state' }, deltas: program.collectAll() };
  const { tableState } = program;
  if (tableState !== undefined) yield* foldRows(objects, { ...rows, operator: tableState.operator });
}

/** Undefined if the base has moved meanwhile, and what it was is collected. */
async function unlessMoved<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof MissingObjectError) return undefined;
    throw error;
  }
}
