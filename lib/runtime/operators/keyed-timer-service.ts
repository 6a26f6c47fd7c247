import type { TimerService } from '../../core/functions/process-function.ts';
import type { InternalTimerService } from '../timers/internal-timer-service.ts';

/** Timers of the current key as a process function sees them. */
export class KeyedTimerService implements TimerService {
  readonly #timers: InternalTimerService;

  constructor(timers: InternalTimerService) {
    this.#timers = timers;
  }

  currentProcessingTime(): number {
    return this.#timers.currentProcessingTime();
  }

  currentWatermark(): number {
    return this.#timers.currentWatermark();
  }

  registerEventTimeTimer(time: number): void {
    this.#timers.registerEventTimeTimer(undefined, time);
  }

  registerProcessingTimeTimer(time: number): void {
    this.#timers.registerProcessingTimeTimer(undefined, time);
  }

  deleteEventTimeTimer(time: number): void {
    this.#timers.deleteEventTimeTimer(undefined, time);
  }

  deleteProcessingTimeTimer(time: number): void {
    this.#timers.deleteProcessingTimeTimer(undefined, time);
  }
}
