import type { Trigger } from './trigger.ts';
import type { Window } from './window.ts';

/** Puts each record into windows. Windows are TimeWindow or GlobalWindow. Source: Flink's WindowAssigner. */
export interface WindowAssigner<T, W extends Window> {
  /** For the plan, for example `TumblingEventTimeWindows(3600000)`. */
  readonly description: string;
  readonly isEventTime: boolean;
  /** Units  timestamp and currentProcessingTime: ms; timestamp is NO_TIMESTAMP if the record has none. */
  assignWindows(element: T, timestamp: number, currentProcessingTime: number): readonly W[];
  getDefaultTrigger(): Trigger<T, W>;
  /**
   * Set by event-time assigners whose windows are unions of aligned slices and whose default trigger fires
   * once at the end of a window, so that windows can share accumulators.
   */
  readonly slicing?: Slicing;
  /**
   * Set by merging assigners: calls `merge(sources, result)` for every group of at least two windows that
   * merges.
   */
  mergeWindows?(windows: readonly W[], merge: (sources: readonly W[], result: W) => void): void;
}

/** Windows [k·slide + offset, k·slide + offset + size) for every whole k. Unit: ms. */
export interface Slicing {
  readonly sizeMs: number;
  readonly slideMs: number;
  readonly offsetMs: number;
}
