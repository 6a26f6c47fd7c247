/**
 * Timers in memory.
 *
 * I1 The current key is set before a target is told of a timer; the timer is gone by then.
 * I2 At most one callback of the clock is pending: for the earliest processing-time timer.
 * I3 A timer registered while timers fire, and due already, fires in the same round.
 */
import type { StateScope } from '../../core/connector.ts';
import { RecordError } from '../../core/errors.ts';
import { canonicalKey } from '../../core/key.ts';
import type { TimerChange } from '../../core/log/state-delta.ts';
import { isTimestamp } from '../../core/time.ts';
import type { Window } from '../../core/window/window.ts';
import type { EventTime } from '../event-time.ts';
import type { Journal, ProcessingTimeService, ScheduledCallback } from '../operator.ts';
import type { TimeReach, WaitingTimers } from '../state/keyed-row-source.ts';
import type { KeyedStateBackend } from '../state/keyed-state-backend.ts';
import { namespaceOf, windowOf } from '../state/namespace.ts';
import type { InternalTimerService, TimerTarget } from './internal-timer-service.ts';
import type { Timer } from './timer-bucket.ts';
import { TimerQueue } from './timer-queue.ts';

/** What a timer service works with. */
export interface HeapTimerServiceOptions {
  readonly target: TimerTarget;
  /** Knows the current key, and gets it set when a timer fires. */
  readonly backend: KeyedStateBackend;
  readonly processingTime: ProcessingTimeService;
  readonly eventTime: EventTime;
  readonly journal: Journal | undefined;
  readonly trackChanges: boolean;
}

export class HeapTimerService implements InternalTimerService, WaitingTimers {
  readonly #target: TimerTarget;
  readonly #backend: KeyedStateBackend;
  readonly #processingTime: ProcessingTimeService;
  readonly #journal: Journal | undefined;
  readonly #eventTime: EventTime;
  readonly #eventTimers: TimerQueue;
  readonly #processingTimers: TimerQueue;
  #opened = false;
  #scheduled: ScheduledCallback | undefined;
  #scheduledTime: number | undefined;
  #firingProcessingTime = false;

  constructor(options: HeapTimerServiceOptions) {
    this.#target = options.target;
    this.#backend = options.backend;
    this.#processingTime = options.processingTime;
    this.#eventTime = options.eventTime;
    this.#journal = options.journal;
    this.#eventTimers = new TimerQueue(options);
    this.#processingTimers = new TimerQueue(options);
  }

  open(): void {
    this.#opened = true;
    this.#schedule();
  }

  currentWatermark(): number {
    return this.#eventTime.watermark;
  }

  watermarkOfKey(): number {
    const eventTime = this.#eventTime;
    return eventTime.hasGroupsAhead ? eventTime.watermarkOf(this.#backend.currentKey) : eventTime.watermark;
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
    this.#eventTime.advance(watermark);
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

  *dueKeys({ watermark, processingTime }: TimeReach): Generator<unknown> {
    for (const { key } of this.#eventTimers.due(watermark)) yield key;
    for (const { key } of this.#processingTimers.due(processingTime)) yield key;
  }

  collectState(scope: StateScope): readonly TimerChange[] {
    return [
      ...timersOf('event', this.#eventTimers, scope),
      ...timersOf('processing', this.#processingTimers, scope),
    ];
  }

  applyState(timers: readonly TimerChange[]): void {
    for (const { op, domain, key, namespace, time } of timers) {
      const queue = domain === 'event' ? this.#eventTimers : this.#processingTimers;
      const window = windowOf(namespace);
      const canonical = canonicalKey(key);
      if (op === 'remove') queue.remove(time, window, canonical);
      else queue.add({ time, window, key, canonical, sequence: queue.nextSequence() });
    }
    this.#eventTimers.settleChanges();
    this.#processingTimers.settleChanges();
    if (this.#opened) this.#schedule();
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
    const timer = queue.remove(time, window, this.#backend.currentCanonicalKey);
    if (timer !== undefined) this.#rememberRemoval(queue, timer);
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
}

function timersOf(domain: TimerChange['domain'], queue: TimerQueue, scope: StateScope): TimerChange[] {
  if (scope === 'all') return queue.inOrder().map((timer) => changeOf('add', domain, timer));
  const { removed, added } = queue.collectChanges();
  return [
    ...removed.map((timer) => changeOf('remove', domain, timer)),
    ...added.map((timer) => changeOf('add', domain, timer)),
  ];
}

function changeOf(op: TimerChange['op'], domain: TimerChange['domain'], timer: Timer): TimerChange {
  return { op, domain, key: timer.key, namespace: namespaceOf(timer.window), time: timer.time };
}

function invalidTime(time: unknown): RecordError {
  return new RecordError(
    'TIMESTAMP_INVALID',
    `A timer cannot be registered for ${String(time)}; give a whole number of milliseconds since the epoch.`,
  );
}
