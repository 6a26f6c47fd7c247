import type { Window } from './window.ts';

/** An element of a window with its timestamp (NO_TIMESTAMP if it has none). Unit: ms since the epoch. */
export interface TimestampedValue<T> {
  readonly value: T;
  readonly timestamp: number;
}

/** Time that an evictor may look at. */
export interface EvictorContext {
  currentProcessingTime(): number;
  currentWatermark(): number;
}

/**
 * Removes elements of a window around its evaluation; forces the window to keep every element. Source:
 * Flink's Evictor.
 */
export interface Evictor<T, W extends Window> {
  /** For the plan, for example `CountEvictor(4)`. */
  readonly description: string;
  /** The elements that stay, in order, before the window function runs. */
  evictBefore(
    elements: readonly TimestampedValue<T>[],
    window: W,
    context: EvictorContext,
  ): readonly TimestampedValue<T>[];
  /** The elements that stay, in order, after the window function ran. */
  evictAfter(
    elements: readonly TimestampedValue<T>[],
    window: W,
    context: EvictorContext,
  ): readonly TimestampedValue<T>[];
}
