/**
 * When a subtask wants to be invoked if nothing else comes.
 *
 * 1. A version says what it waits for, all of it and nothing else: what is over by then wakes nobody.
 * 2. A tick whose time has come either makes a version or finds something to wait for until the next sweep: a
 *    subtask at rest is not invoked.
 */
import { LIMITS } from '../../core/limits.ts';
import type { VersionDraft } from './version-draft.ts';

/**
 * The earliest of what the subtask waits for: a timer, a gap that becomes too old, or what follows a version
 * and is lost if its process dies and no other input comes: effects, and the finished seal. One that polls
 * is always due. Unit: ms since the epoch.
 */
export function dueOf(draft: VersionDraft): number | undefined {
  const { vectors, processingTime, nextTimer } = draft;
  if (draft.polls && !draft.finishes) return processingTime;
  let due = draft.finishes ? undefined : nextTimer;
  for (const { upstream } of draft.allParked()) {
    const since = vectors.gapSince.get(upstream) ?? processingTime;
    const pullAt = since + LIMITS.channelGapMs;
    due = due === undefined ? pullAt : Math.min(due, pullAt);
  }
  if (draft.finishes || !leavesWork(draft)) return due;
  return Math.min(due ?? Number.POSITIVE_INFINITY, processingTime + LIMITS.unsentAgeMs);
}

function leavesWork({ vectors, changes, performed, inputEnded }: VersionDraft): boolean {
  return inputEnded || changes.effects.length > 0 || vectors.intents.size > performed.length;
}

/** True if the log asks for invocations at every sweep and nothing waits for them. */
export function wakesInVain(draft: VersionDraft): boolean {
  const { vectors, processingTime } = draft;
  if (vectors.due === undefined || vectors.due > processingTime) return false;
  const due = dueOf(draft);
  return due === undefined || due > processingTime + LIMITS.sweepIntervalMs;
}
