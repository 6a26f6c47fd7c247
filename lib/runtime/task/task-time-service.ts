import type { Clock } from '../../ports/clock.ts';
import type { CallbackKind, ProcessingTimeService, ScheduledCallback } from '../operator.ts';

interface Scheduled {
  readonly time: number;
  readonly callback: (time: number) => void;
  readonly kind: CallbackKind;
  cancelled: boolean;
}

/**
 * Processing time of one task. Callbacks run between batches, when the task asks for them, never beside a
 * record. An operator keeps at most a few callbacks, so a plain list serves.
 */
export class TaskTimeService implements ProcessingTimeService {
  readonly #clock: Clock;
  #scheduled: Scheduled[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  schedule(time: number, callback: (time: number) => void, kind: CallbackKind = 'timer'): ScheduledCallback {
    const entry: Scheduled = { time, callback, kind, cancelled: false };
    this.#scheduled.push(entry);
    return {
      cancel: () => {
        entry.cancelled = true;
        this.#scheduled = this.#scheduled.filter((other) => other !== entry);
      },
    };
  }

  /**
   * Earliest time at which a callback is due, or a timer only; undefined if none waits. Unit: ms since the
   * epoch.
   */
  nextDue(which: 'all' | 'timers' = 'all'): number | undefined {
    let earliest: number | undefined;
    for (const { time, kind } of this.#scheduled) {
      if (which === 'timers' && kind !== 'timer') continue;
      if (earliest === undefined || time < earliest) earliest = time;
    }
    return earliest;
  }

  /** Runs the callbacks due at `now`, earliest first; true if any ran. */
  fireDue(now: number): boolean {
    const due = this.#scheduled.filter(({ time }) => time <= now).sort((a, b) => a.time - b.time);
    if (due.length === 0) return false;
    this.#scheduled = this.#scheduled.filter(({ time }) => time > now);
    for (const entry of due) if (!entry.cancelled) entry.callback(entry.time);
    return true;
  }
}
