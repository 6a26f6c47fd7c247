/**
 * The ring in which a log lives.
 *
 * 1. (I2) A slot is overwritten by the version exactly one lap ahead, never emptied.
 * 2. (I3) What is overwritten is part of the base and archived.
 * 3. (I3) The last slots before a ring is full are left to headless items.
 */
import { LIMITS } from '../core/limits.ts';
import type { BaseRecord } from '../core/log/log-item.ts';

/** A version that is to be put, and what is known of the ring. */
export interface RingPlace {
  readonly version: number;
  readonly ringSize: number;
  readonly base: BaseRecord | undefined;
}

/** Slot of a version. */
export function slotOf(version: number, ringSize: number): number {
  return version % ringSize;
}

/** Whether the version that `version` overwrites is folded and archived (I3). */
export function hasRoom({ version, ringSize, base }: RingPlace): boolean {
  const overwritten = version - ringSize;
  return overwritten <= 0 || coveredThrough(base) >= overwritten;
}

/** Whether the writer of a batch has to fold its log before it puts `version` (I3). */
export function mustCompact({ version, ringSize, base }: RingPlace): boolean {
  const reserved = Math.min(LIMITS.logRingReservedSlots, Math.floor(ringSize / 2));
  return coveredThrough(base) < version - ringSize + reserved;
}

/** What the end of a scan says: the head is where a slot of an earlier lap, or an empty one, follows. */
export function meaningOfScan(stop: 'limit' | 'head' | 'overrun'): 'more' | 'head' | 'reload' {
  if (stop === 'limit') return 'more';
  return stop === 'head' ? 'head' : 'reload';
}

function coveredThrough(base: BaseRecord | undefined): number {
  return base === undefined ? 0 : Math.min(base.version, base.archivedThrough);
}
