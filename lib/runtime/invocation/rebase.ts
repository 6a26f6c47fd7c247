/**
 * Puts a replica with uncommitted changes behind items that another writer has put meanwhile.
 *
 * 1. (I9) Only items that run no user code: the state of the operators stays what it is.
 * 2. The first item is known from the refusal and costs no read; what is behind it is read at once.
 */
import type { LogItem } from '../../core/log/log-item.ts';
import { MissingObjectError, readPayload } from '../../ports/stored-objects.ts';
import type { InvocationContext } from './invocation-ports.ts';
import type { Replica } from './replica.ts';
import { applyEntry, type ReadEntry, readTail } from './subtask-loader.ts';

/** `winner`: what the refusal said; undefined to read the log. False if the changes are lost. */
export async function rebase(
  context: InvocationContext,
  replica: Replica,
  winner: LogItem | undefined,
): Promise<boolean> {
  try {
    if (winner === undefined) return await rebaseOnTail(context, replica);
    const payload = await readPayload(context.objects, winner);
    return applyAll(context, replica, [{ item: winner, payload }]);
  } catch (error) {
    if (error instanceof MissingObjectError) return false;
    throw error;
  }
}

async function rebaseOnTail(context: InvocationContext, replica: Replica): Promise<boolean> {
  for (;;) {
    const tail = await readTail(context, replica.version + 1);
    if (tail === 'overrun' || !applyAll(context, replica, tail.entries)) return false;
    if (tail.atHead) return true;
  }
}

function applyAll({ rules }: InvocationContext, replica: Replica, entries: readonly ReadEntry[]): boolean {
  if (!rules.mayRebase(entries.map(({ item }) => item))) return false;
  for (const entry of entries) applyEntry(replica, entry);
  return true;
}
