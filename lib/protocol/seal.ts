/**
 * The end of a log (I13).
 *
 * 1. Nothing is appended behind a seal.
 * 2. Behind a savepoint's seal nothing is reported as processed: a stream that is used again must not have
 *    moved. On a finished log what its positions have passed is.
 * 3. A log is finished only when all input has ended and everything is sent.
 */
import type { LogItem } from '../core/log/log-item.ts';

/** What an invocation reports: go on, everything failed, or processed up to the positions. */
export type SealReaction = 'run' | 'refuse' | 'report-consumed';

export function reactToSeal(seal: LogItem['seal']): SealReaction {
  if (seal === undefined) return 'run';
  return seal === 'finished' ? 'report-consumed' : 'refuse';
}

export interface FinishState {
  readonly inputEnded: boolean;
  readonly version: number;
  /** Every outbox of a version up to this one is acknowledged. */
  readonly acknowledgedThrough: number;
  readonly inboxPending: boolean;
}

export function mayFinish({ inputEnded, version, acknowledgedThrough, inboxPending }: FinishState): boolean {
  return inputEnded && !inboxPending && acknowledgedThrough >= version;
}
