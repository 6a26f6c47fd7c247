/** Why a task's output does not take records: a `soft` pause is short, a `hard` one blocks the task. */
export type BackPressure = 'hard' | 'soft';

/**
 * Clock that stands still while its task is back-pressured, so that a task that may not emit is not taken for
 * idle. Unit: ms. Source: Flink's PausableRelativeClock.
 */
export class PausableClock {
  readonly #clock: { now(): number };
  readonly #pressures = new Set<BackPressure>();
  #pausedAt = 0;
  #pausedMs = 0;

  constructor(clock: { now(): number }) {
    this.#clock = clock;
  }

  now(): number {
    const time = this.#pressures.size > 0 ? this.#pausedAt : this.#clock.now();
    return time - this.#pausedMs;
  }

  setBackPressured(kind: BackPressure, on: boolean): void {
    const wasPaused = this.#pressures.size > 0;
    if (on) this.#pressures.add(kind);
    else this.#pressures.delete(kind);
    const isPaused = this.#pressures.size > 0;
    if (isPaused === wasPaused) return;
    if (isPaused) this.#pausedAt = this.#clock.now();
    else this.#pausedMs += this.#clock.now() - this.#pausedAt;
  }
}
