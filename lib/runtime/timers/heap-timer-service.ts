/**
 * Timers in memory.
 *
 * I1 The current key is set before a target is told of a timer; the timer is gone by then.
 * I2 At most one callback of the clock is pending: for the earliest processing-time timer.
 * I3 A timer registered while timers fire, and due already, fires in the same round.
 */
import { RecordError } from '../../core/errors.ts';
import { canonicalKey } from '../../core/key.ts';
import { isTimestamp, MIN_TIMESTAMP } from '../../core/time.ts';
import type { Window } from '../../core/window/window.ts';
import type { Journal, ProcessingTimeService, ScheduledCallback } from '../operator.ts';
import type { TimerSnapshot } from '../snapshot.ts';
import type { KeyedStateBackend } from '../state/keyed-state-backend.ts';
import { namespaceOf, windowOf } from '../state/namespace.ts';
import type { InternalTimerService, TimersSnapshot, TimerTarget } from './internal-timer-service.ts';
import type { Timer } from './timer-bucket.ts';
import { TimerQueue } from './timer-queue.ts';

/** What a timer service works with. */
export interface HeapTimerServiceOptions {
  readonly target: TimerTarget;
  /** Knows the current key, and gets it set when a timer fires. */
  readonly backend: KeyedStateBackend;
  readonly processingTime: ProcessingTimeService;
  readonly journal: Journal | undefined;
}

export class HeapTimerService implements InternalTimerService {
  readonly #target: TimerTarget;
  readonly #backend: KeyedStateBackend;
  readonly #processingTime: ProcessingTimeService;
  readonly #journal: Journal | undefined;
  readonly #eventTimers = new TimerQueue();
  readonly #processingTimers = new TimerQueue();
  #watermark = MIN_TIMESTAMP;
  #scheduled: ScheduledCallback | undefined;
  #scheduledTime: number | undefined;
  #firingProcessingTime = false;

  constructor({ target, backend, processingTime, journal }: HeapTimerServiceOptions) {
    this.#target = target;
    this.#backend = backend;
    this.#processingTime = processingTime;
    this.#journal = journal;
  }

  currentWatermark(): number {
    return this.#watermark;
  }

  currentProcessingTime(): number {
    return this.#processingTime.now();
  }

  registerEventTimeTimer(window: Window | undefined, time: number): void {
    this.#register(this.#eventTimers, window, time);
  }

  deleteEventTimeTimer(window: Window | undefined, time: number): void {
    this.#delete(this.#eventTimers, window, time);
  }

  registerProcessingTimeTimer(window: Window | undefined, time: number): void {
    this.#register(this.#processingTimers, window, time);
    this.#schedule();
  }

  deleteProcessingTimeTimer(window: Window | undefined, time: number): void {
    this.#delete(this.#processingTimers, window, time);
    this.#schedule();
  }

  advanceWatermark(watermark: number): void {
    const before = this.#watermark;
    this.#watermark = watermark;
    this.#journal?.record(() => {
      this.#watermark = before;
    });
    for (;;) {
      const timer = this.#eventTimers.take(watermark);
      if (timer === undefined) return;
      this.#fired(this.#eventTimers, timer);
      this.#target.onEventTime(timer.time, timer.window);
    }
  }

  numEventTimeTimers(window?: Window): number {
    return window === undefined ? this.#eventTimers.size : this.#eventTimers.count(window);
  }

  numProcessingTimeTimers(window?: Window): number {
    return window === undefined ? this.#processingTimers.size : this.#processingTimers.count(window);
  }

  snapshot(): TimersSnapshot {
    return {
      eventTimers: this.#eventTimers.inOrder().map(snapshotOf),
      processingTimers: this.#processingTimers.inOrder().map(snapshotOf),
    };
  }

  restore(
    eventTimers: readonly TimerSnapshot[],
    processingTimers: readonly TimerSnapshot[],
    watermark = MIN_TIMESTAMP,
  ): void {
    this.#watermark = watermark;
    for (const timer of eventTimers) this.#restoreInto(this.#eventTimers, timer);
    for (const timer of processingTimers) this.#restoreInto(this.#processingTimers, timer);
    this.#schedule();
  }

  close(): void {
    this.#scheduled?.cancel();
    this.#scheduled = undefined;
    this.#scheduledTime = undefined;
  }

  #register(queue: TimerQueue, window: Window | undefined, time: number): void {
    if (!isTimestamp(time)) throw invalidTime(time);
    const { currentKey: key, currentCanonicalKey: canonical } = this.#backend;
    if (queue.has(time, window, canonical)) return;
    queue.add({ time, window, key, canonical, sequence: queue.nextSequence() });
    this.#journal?.record(() => {
      queue.remove(time, window, canonical);
      this.#schedule();
    });
  }

  #delete(queue: TimerQueue, window: Window | undefined, time: number): void {
    const { currentKey: key, currentCanonicalKey: canonical } = this.#backend;
    const sequence = queue.remove(time, window, canonical);
    if (sequence !== undefined) this.#rememberRemoval(queue, { time, window, key, canonical, sequence });
  }

  #fired(queue: TimerQueue, timer: Timer): void {
    this.#rememberRemoval(queue, timer);
    this.#backend.setCurrentKey(timer.key);
  }

  #rememberRemoval(queue: TimerQueue, timer: Timer): void {
    this.#journal?.record(() => {
      queue.add(timer);
      this.#schedule();
    });
  }

  #onProcessingTime(time: number): void {
    this.close();
    // The clock may have run past several timers: all that are due fire in one round.
    const limit = Math.max(time, this.#processingTime.now());
    this.#firingProcessingTime = true;
    try {
      for (;;) {
        const timer = this.#processingTimers.take(limit);
        if (timer === undefined) break;
        this.#fired(this.#processingTimers, timer);
        this.#target.onProcessingTime(timer.time, timer.window);
      }
    } finally {
      this.#firingProcessingTime = false;
      this.#schedule();
    }
  }

  /** Keeps the one pending callback at the earliest processing-time timer (I2). */
  #schedule(): void {
    if (this.#firingProcessingTime) return;
    const next = this.#processingTimers.nextTime();
    if (next === this.#scheduledTime) return;
    this.close();
    if (next === undefined) return;
    this.#scheduledTime = next;
    this.#scheduled = this.#processingTime.schedule(next, (time) => this.#onProcessingTime(time));
  }

  #restoreInto(queue: TimerQueue, { key, namespace, time }: TimerSnapshot): void {
    const window = windowOf(namespace);
    queue.add({ time, window, key, canonical: canonicalKey(key), sequence: queue.nextSequence() });
  }
}

function snapshotOf({ key, window, time }: Timer): TimerSnapshot {
  return { key: structuredClone(key), namespace: namespaceOf(window), time };
}

function invalidTime(time: unknown): RecordError {
  return new RecordError(
    'TIMESTAMP_INVALID',
    `A timer cannot be registered for ${String(time)}; give a whole number of milliseconds since the epoch.`,
  );
}
