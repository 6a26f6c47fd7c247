import type { Clock } from '../../ports/clock.ts';

/** The clock that user code sees: it stands still within a version. Unit: ms since the epoch. */
export class VersionClock implements Clock {
  readonly #clock: Clock;
  #now = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(now: number): void {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#clock.sleep(ms, signal);
  }
}
