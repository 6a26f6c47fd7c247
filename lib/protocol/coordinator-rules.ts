/**
 * Rules that coordinators follow, each as a decision of its own, so that a test can take one out and see that
 * the simulator notices.
 */
import { LIMITS } from '../core/limits.ts';

export interface CoordinatorRules {
  /** Whether a checkpoint in this status may still be decided: decided once is decided. */
  readonly mayDecideCheckpoint: (status: 'PENDING' | 'COMPLETE' | 'ABORTED') => boolean;
  /** Whether the logs of the old run are sealed before the new one gets its genesis items (I13). */
  readonly sealsBeforeGenesis: () => boolean;
  /** Whether a restore that expects the job in one lineage may take the next while it is in another. */
  readonly mayClaimLineage: (expected: number, actual: number) => boolean;
  /** Whether a restore goes on invoking subtasks while this many inboxes hold something. */
  readonly drivesGenesis: (pendingInboxes: number) => boolean;
  /** Whether a sweeper wakes a subtask because its inbox holds something. */
  readonly sweepsInboxes: () => boolean;
  /** Whether a coordinator makes room in a full ring itself (I3): an idle subtask would never do it. */
  readonly compactsFullRing: () => boolean;
  /** Whether an object may be deleted. */
  readonly isGarbage: (object: { readonly reachable: boolean; readonly ageMs: number }) => boolean;
  /** The order in which heads are read so that they are a cut (I11), from names in topological order. */
  readonly headScanOrder: <T>(topological: readonly T[]) => readonly T[];
}

export const PRODUCTION_COORDINATOR_RULES: CoordinatorRules = Object.freeze({
  mayDecideCheckpoint: (status: 'PENDING' | 'COMPLETE' | 'ABORTED') => status === 'PENDING',
  sealsBeforeGenesis: () => true,
  mayClaimLineage: (expected: number, actual: number) => expected === actual,
  drivesGenesis: (pendingInboxes: number) => pendingInboxes > 0,
  sweepsInboxes: () => true,
  compactsFullRing: () => true,
  isGarbage: ({ reachable, ageMs }: { readonly reachable: boolean; readonly ageMs: number }) =>
    !reachable && ageMs > LIMITS.garbageAgeMs,
  headScanOrder: <T>(topological: readonly T[]) => topological.toReversed(),
});
