import type { Window } from '../../core/window/window.ts';
import type { TimerSnapshot } from '../snapshot.ts';

/** Who is told that a timer is due; the current key is set. `window` is undefined for plain timers. */
export interface TimerTarget {
  onEventTime(time: number, window: Window | undefined): void;
  onProcessingTime(time: number, window: Window | undefined): void;
}

/** Pending timers of both domains, in order of time, then of registration. */
export interface TimersSnapshot {
  readonly eventTimers: readonly TimerSnapshot[];
  readonly processingTimers: readonly TimerSnapshot[];
}

/**
 * Timers of one operator of one subtask: one queue per domain, de-duplicated per (key, window, time).
 * Times are ms since the epoch. Registering acts on the current key.
 */
export interface InternalTimerService {
  currentWatermark(): number;
  currentProcessingTime(): number;
  /** Like its processing-time twin throws RecordError TIMESTAMP_INVALID unless `time` is whole ms. */
  registerEventTimeTimer(window: Window | undefined, time: number): void;
  deleteEventTimeTimer(window: Window | undefined, time: number): void;
  registerProcessingTimeTimer(window: Window | undefined, time: number): void;
  deleteProcessingTimeTimer(window: Window | undefined, time: number): void;
  /** Fires every event-time timer with time <= watermark, in order of time, then of registration. */
  advanceWatermark(watermark: number): void;
  numEventTimeTimers(window?: Window): number;
  numProcessingTimeTimers(window?: Window): number;
  snapshot(): TimersSnapshot;
  /**
   * Restores what `snapshot` gave; `watermark` is the one up to which event-time timers have fired (default:
   * none). Overdue processing-time timers fire as soon as the task runs its due callbacks.
   */
  restore(
    eventTimers: readonly TimerSnapshot[],
    processingTimers: readonly TimerSnapshot[],
    watermark?: number,
  ): void;
  /** Takes back the pending callback. */
  close(): void;
}
