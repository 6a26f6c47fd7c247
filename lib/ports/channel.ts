/**
 * Channel: the only way from one subtask to another. Bounded; carries batches in order.
 *
 * A batch is two parallel arrays of values and timestamps and the controls that stand between them, so that
 * watermarks keep their exact place among the records however records were cut into batches.
 */

/**
 * Something other than a record; it takes effect before record `at` (or after the last when `at` = length).
 */
export type Control =
  | { readonly kind: 'watermark'; readonly at: number; readonly watermark: number }
  | { readonly kind: 'idle' | 'active'; readonly at: number }
  | { readonly kind: 'end-of-input'; readonly at: number };

/** Records and controls of one channel, in order. */
export interface Batch {
  readonly values: readonly unknown[];
  /** NO_TIMESTAMP for a record without one. Unit: ms since the epoch. */
  readonly timestamps: readonly number[];
  readonly controls: readonly Control[];
}

/** One ordered, bounded connection between an upstream and a downstream subtask. */
export interface Channel {
  /**
   * False when the channel is full: the upstream subtask must not start new work before this is true again.
   */
  hasCapacity(): boolean;
  /** Takes a batch, also when full: work that has begun may finish. */
  offer(batch: Batch): void;
  /** The next batch, or undefined if none waits. */
  poll(): Batch | undefined;
  isEmpty(): boolean;
}
