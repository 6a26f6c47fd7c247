/**
 * Puts an item into the log and finds out what became of it.
 *
 * 1. (I1) The item is in the log if and only if its slot holds its version with its nonce.
 * 2. An unknown outcome is met by putting the identical item again, or by giving up.
 */
import { RetryableError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { LogItem } from '../../core/log/log-item.ts';
import { subtaskPath } from '../../core/log/subtask-id.ts';
import type { InvocationContext } from './invocation-ports.ts';

/** Throws RetryableError IO_FAILED if the outcome stays unknown. */
export async function putItem(context: InvocationContext, item: LogItem): Promise<'mine' | 'lost'> {
  let failure: unknown;
  for (let attempt = 0; attempt < LIMITS.invocationTriesMax; attempt++) {
    try {
      const fate = await tryPut(context, item);
      if (fate !== 'absent') return fate;
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
      failure = error;
      const known = await lookUp(context, item);
      if (known !== 'absent') return known;
    }
  }
  throw new RetryableError(
    'IO_FAILED',
    `Version ${item.version} of ${subtaskPath(context.subtask)} could not be put; it may still arrive.`,
    { cause: failure },
  );
}

async function tryPut(
  { log, subtask, rules }: InvocationContext,
  item: LogItem,
): Promise<'mine' | 'lost' | 'absent'> {
  const result = await log.append(subtask, item);
  return result.kind === 'accepted' ? 'mine' : rules.identifyPut(item, result.found);
}

async function lookUp(
  { log, subtask, rules }: InvocationContext,
  item: LogItem,
): Promise<'mine' | 'lost' | 'absent'> {
  try {
    return rules.identifyPut(item, await log.readSlot(subtask, item.version));
  } catch (error) {
    if (error instanceof RetryableError) return 'absent';
    throw error;
  }
}
