import type { WatermarkGenerator, WatermarkOutput } from '../../core/watermark.ts';

/** When a generator counts as idle. */
export interface IdlenessOptions {
  readonly idleTimeoutMs: number;
  /** Relative time; it may stand still while the task is back-pressured. Unit: ms. */
  readonly clock: { now(): number };
}

/**
 * Marks its output idle once no event came for longer than the timeout, and active at the next event.
 * Source: Flink's WatermarksWithIdleness.
 */
export class WatermarksWithIdleness<T> implements WatermarkGenerator<T> {
  readonly #generator: WatermarkGenerator<T>;
  readonly #idleTimeoutMs: number;
  readonly #clock: { now(): number };
  #active = false;
  /** First look at which no event had come since the look before. Unit: ms. */
  #inactiveSince: number | undefined;
  #idle = false;

  constructor(generator: WatermarkGenerator<T>, { idleTimeoutMs, clock }: IdlenessOptions) {
    this.#generator = generator;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#clock = clock;
  }

  onEvent(event: T, timestamp: number, output: WatermarkOutput): void {
    if (this.#idle) {
      this.#idle = false;
      output.markActive();
    }
    this.#active = true;
    this.#generator.onEvent(event, timestamp, output);
  }

  onPeriodicEmit(output: WatermarkOutput): void {
    if (!this.#hasTimedOut()) this.#generator.onPeriodicEmit(output);
    else if (!this.#idle) {
      this.#idle = true;
      output.markIdle();
    }
  }

  snapshotState(): unknown {
    return this.#generator.snapshotState?.();
  }

  /** Idleness begins anew: the time in which nothing ran is not time without events. */
  restoreState(state: unknown): void {
    this.#generator.restoreState?.(state);
  }

  #hasTimedOut(): boolean {
    if (this.#active) {
      this.#active = false;
      this.#inactiveSince = undefined;
      return false;
    }
    const now = this.#clock.now();
    this.#inactiveSince ??= now;
    return now - this.#inactiveSince > this.#idleTimeoutMs;
  }
}
