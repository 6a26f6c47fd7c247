import type { CanonicalKey } from '../../core/key.ts';

/** What one key has in one slice. */
export interface Pane {
  readonly key: unknown;
  accumulator: unknown;
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
}
