import type { StateScope } from '../../core/connector.ts';
import type { TimerChange } from '../../core/log/state-delta.ts';
import type { Window } from '../../core/window/window.ts';

/** Who is told that a timer is due; the current key is set. `window` is undefined for plain timers. */
export interface TimerTarget {
  onEventTime(time: number, window: Window | undefined): void;
  onProcessingTime(time: number, window: Window | undefined): void;
}

/**
 * Timers of one operator of one subtask: one queue per domain, de-duplicated per (key, window, time).
 * Times are ms since the epoch. Registering acts on the current key.
 */
export interface InternalTimerService {
  currentWatermark(): number;
  /** How far the current key has come: more than the watermark where its key group had before a restore. */
  watermarkOfKey(): number;
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
  /** All timers in order of time, then of registration; or first those that went, then those that came. */
  collectState(scope: StateScope): readonly TimerChange[];
  /** Takes in what does not count as a change. Nothing fires. */
  applyState(timers: readonly TimerChange[]): void;
  /** Overdue processing-time timers fire as soon as the task runs its due callbacks. */
  open(): void;
  /** Takes back the pending callback. */
  close(): void;
}
