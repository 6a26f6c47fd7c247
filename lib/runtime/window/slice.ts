import type { CanonicalKey } from '../../core/key.ts';

/** A key with its accumulator. */
export interface KeyedAccumulator {
  readonly key: unknown;
  accumulator: unknown;
}

/**
 * What one key has in one slice. `clean` is what the last collected changes say; a `new` pane is in none of
 * them, and one that an `undone` record has made is in no slice any more. Where changes are not tracked, all
 * panes stay new.
 */
export interface Pane extends KeyedAccumulator {
  mark: 'clean' | 'changed' | 'new' | 'undone';
}

/** The panes of all keys in `[start, end)`. Units: ms since the epoch; windows are named by their starts. */
export interface Slice {
  readonly start: number;
  readonly end: number;
  readonly firstWindow: number;
  readonly lastWindow: number;
  /** Watermark from which a new element re-fires a window. */
  readonly firstFireTime: number;
  /** Watermark at which the last window of the slice is cleaned up. */
  readonly expiry: number;
  /** In the order of first arrival. */
  readonly panes: Map<CanonicalKey, Pane>;
  /** Panes that are not clean, once each, where changes are tracked. */
  changed: Pane[];
}
