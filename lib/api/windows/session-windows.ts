import type { Duration } from '../../core/duration.ts';
import type { TimeWindow } from '../../core/window/window.ts';
import { requirePositive } from './window-size.ts';

/** The inactivity after a record that ends its session; must be positive. */
export type SessionGap<T> = (element: T) => Duration;

/** A gap that is the same for every record. Throws UserError WINDOW_INVALID unless it is positive. */
export function fixedGap(gap: Duration, assigner: string): SessionGap<unknown> {
  requirePositive('gap', gap, assigner);
  return () => gap;
}

/** A gap taken from each record. The gap throws UserError WINDOW_INVALID unless it is positive. */
export function dynamicGap<T>(gap: SessionGap<T>, assigner: string): SessionGap<T> {
  return (element) => {
    const duration = gap(element);
    requirePositive('gap', duration, assigner);
    return duration;
  };
}

/**
 * Calls `merge` for every group of at least two windows that overlap or touch, directly or through others.
 */
export function mergeOverlapping(
  windows: readonly TimeWindow[],
  merge: (sources: readonly TimeWindow[], result: TimeWindow) => void,
): void {
  const sorted = [...windows].sort((a, b) => a.start - b.start);
  let group: TimeWindow[] = [];
  let cover: TimeWindow | undefined;
  for (const window of sorted) {
    if (cover?.intersects(window)) {
      if (!group.some((other) => other.start === window.start && other.end === window.end))
        group.push(window);
      cover = cover.cover(window);
    } else {
      if (cover !== undefined && group.length > 1) merge(group, cover);
      group = [window];
      cover = window;
    }
  }
  if (cover !== undefined && group.length > 1) merge(group, cover);
}
