/** Where a generator puts its watermarks. */
export interface WatermarkOutput {
  /** Watermarks that do not advance are ignored. Unit: ms since the epoch. */
  emitWatermark(watermark: number): void;
  /** No watermark will come until further notice: downstream stops waiting for this one. */
  markIdle(): void;
  markActive(): void;
}

/**
 * Derives watermarks from events. One generator serves one split or subtask. Source: Flink's
 * WatermarkGenerator.
 */
export interface WatermarkGenerator<T> {
  /** Called for each event; may emit (punctuated generators do). */
  onEvent(event: T, timestamp: number, output: WatermarkOutput): void;
  /** Called every auto-watermark interval and at batch ends; after each event with `emit: 'per-record'`. */
  onPeriodicEmit(output: WatermarkOutput): void;
  /** What another generator needs to go on, as plain data; without it, one starts anew after a restart. */
  snapshotState?(): unknown;
  /** Before the first event; `state` is what `snapshotState` of such a generator has answered. */
  restoreState?(state: unknown): void;
}

/**
 * Timestamp of an event; `recordTimestamp` is what the source gave, or NO_TIMESTAMP. Unit: ms since the
 * epoch.
 */
export type TimestampAssigner<T> = (event: T, recordTimestamp: number) => number;

/** The data of a WatermarkStrategy as the runtime reads it. */
export interface WatermarkStrategySpec<T> {
  /** For the plan, for example `BoundedOutOfOrderness(10800000)`. */
  readonly description: string;
  readonly createGenerator: () => WatermarkGenerator<T>;
  readonly timestampAssigner: TimestampAssigner<T> | undefined;
  /**
   * 'per-record' asks the generator after each record, so that lateness does not depend on batches or
   * clocks.
   */
  readonly emit: 'periodic' | 'per-record';
  readonly idleTimeoutMs: number | undefined;
}
