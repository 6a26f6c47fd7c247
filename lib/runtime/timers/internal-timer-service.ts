import type { Window } from '../../core/window/window.ts';
import type { TimerSnapshot } from '../snapshot.ts';

/** Who is told that a timer is due; the current key is already set. `window` is undefined for plain timers. */
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
  currentProcessingTime(): number;
  registerEventTimeTimer(window: Window | undefined, time: number): void;
  deleteEventTimeTimer(window: Window | undefined, time: number): void;
  registerProcessingTimeTimer(window: Window | undefined, time: number): void;
  deleteProcessingTimeTimer(window: Window | undefined, time: number): void;
  /** Fires every event-time timer with time <= watermark, in order of time, then of registration. */
  advanceWatermark(watermark: number): void;
  numEventTimeTimers(window?: Window): number;
  numProcessingTimeTimers(window?: Window): number;
  snapshot(): { readonly eventTimers: readonly TimerSnapshot[]; readonly processingTimers: readonly TimerSnapshot[] };
  restore(eventTimers: readonly TimerSnapshot[], processingTimers: readonly TimerSnapshot[]): void;
}
