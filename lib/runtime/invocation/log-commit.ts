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
import type { PutFate } from '../../protocol/fencing.ts';
import type { InvocationContext } from './invocation-ports.ts';

/** What holds the slot of the version now. */
export interface PutOutcome {
  readonly fate: Exclude<PutFate, 'absent'>;
  /** The item that is in the log, if it is known: a loser need not read it again. */
  readonly winner: LogItem | undefined;
}

/** Throws RetryableError IO_FAILED if the outcome stays unknown. */
export async function putItem(context: InvocationContext, item: LogItem): Promise<PutOutcome> {
  let failure: unknown;
  for (let attempt = 0; attempt < LIMITS.invocationTriesMax; attempt++) {
    try {
      const outcome = await tryPut(context, item);
      if (outcome !== undefined) return outcome;
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
      failure = error;
      const outcome = await lookUp(context, item);
      if (outcome !== undefined) return outcome;
    }
  }
  throw new RetryableError(
    'IO_FAILED',
    `Version ${item.version} of ${subtaskPath(context.subtask)} could not be put; it may still arrive.`,
    { cause: failure },
  );
}

async function tryPut(context: InvocationContext, item: LogItem): Promise<PutOutcome | undefined> {
  const result = await context.log.append(context.subtask, item);
  return result.kind === 'accepted' ? { fate: 'mine', winner: item } : outcomeOf(context, item, result.found);
}

async function lookUp(context: InvocationContext, item: LogItem): Promise<PutOutcome | undefined> {
  try {
    return outcomeOf(context, item, await context.log.readSlot(context.subtask, item.version));
  } catch (error) {
    if (error instanceof RetryableError) return undefined;
    throw error;
  }
}

function outcomeOf(
  { rules }: InvocationContext,
  item: LogItem,
  found: LogItem | undefined,
): PutOutcome | undefined {
  const fate = rules.identifyPut(item, found);
  if (fate === 'absent') return undefined;
  return { fate, winner: found?.version === item.version ? found : undefined };
}
