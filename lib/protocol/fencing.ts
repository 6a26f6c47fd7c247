/**
 * What became of a conditional put.
 *
 * 1. (I1) A version belongs to the attempt whose nonce its item holds.
 * 2. An attempt whose outcome is unknown is repeated with the identical item or given up, never rebuilt under
 *    its nonce.
 */
import { LIMITS } from '../core/limits.ts';
import type { LogItem } from '../core/log/log-item.ts';

/**
 * `mine`: the item is in the log. `lost`: another writer has the version. `absent`: nobody has it yet: the
 * identical item may be put again.
 */
export type PutFate = 'mine' | 'lost' | 'absent';

/** `found` is what the slot of the item's version holds. */
export function identifyPut(
  item: Pick<LogItem, 'version' | 'writer'>,
  found: Pick<LogItem, 'version' | 'writer'> | undefined,
): PutFate {
  if (found === undefined || found.version < item.version) return 'absent';
  return found.version === item.version && found.writer === item.writer ? 'mine' : 'lost';
}

/** The nonce of attempt number `attempt` of an invocation. */
export function attemptNonce(invocation: string, attempt: number): string {
  return `${invocation}-${attempt}`;
}

/** Whether an invocation that came too late so often tries again: another one may win every time. */
export function mayContend(conflicts: number): boolean {
  return conflicts <= LIMITS.invocationConflictsMax;
}

/** True if the spilled payload has a name of its own for each attempt. */
export function isSpillOfAttempt(): boolean {
  return true;
}
