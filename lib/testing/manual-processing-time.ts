import type { ProcessingTimeService, ScheduledCallback } from '../runtime/operator.ts';

interface PendingCallback {
  readonly time: number;
  readonly callback: (time: number) => void;
}

/**
 * Processing time that stands still until a test moves it. It starts at 0.
 *
 * Units  ms since the epoch.
 * Source Flink's TestProcessingTimeService.
 */
export class ManualProcessingTime implements ProcessingTimeService {
  #now: number;
  readonly #pending = new Set<PendingCallback>();

  constructor(start = 0) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  schedule(time: number, callback: (time: number) => void): ScheduledCallback {
    const entry: PendingCallback = { time, callback };
    this.#pending.add(entry);
    return { cancel: () => void this.#pending.delete(entry) };
  }

  /** Callbacks that wait for their time. */
  get numPendingCallbacks(): number {
    return this.#pending.size;
  }

  /**
   * Moves the clock to `time` and runs what is due, earliest first, also what these callbacks schedule
   * themselves. A callback sees `time` as the current time and its own time as its argument. The clock may be
   * set back.
   */
  advanceTo(time: number): void {
    this.#now = time;
    for (let entry = this.#earliestDue(); entry !== undefined; entry = this.#earliestDue()) {
      this.#pending.delete(entry);
      entry.callback(entry.time);
    }
  }

  #earliestDue(): PendingCallback | undefined {
    let earliest: PendingCallback | undefined;
    for (const entry of this.#pending) {
      if (entry.time <= this.#now && (earliest === undefined || entry.time < earliest.time)) earliest = entry;
    }
    return earliest;
  }
}
