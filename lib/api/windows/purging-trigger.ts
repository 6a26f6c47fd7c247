import type { OnMergeContext, Trigger, TriggerContext, TriggerResult } from '../../core/window/trigger.ts';
import type { Window } from '../../core/window/window.ts';

/**
 * Turns every FIRE of another trigger into FIRE_AND_PURGE: each result covers only new elements. Source:
 * Flink's PurgingTrigger.
 */
export class PurgingTrigger<T, W extends Window> implements Trigger<T, W> {
  readonly description: string;
  readonly #nested: Trigger<T, W>;

  private constructor(nested: Trigger<T, W>) {
    this.description = `PurgingTrigger(${nested.description})`;
    this.#nested = nested;
  }

  /** Purges whenever `nested` fires. */
  static of<T, W extends Window>(nested: Trigger<T, W>): PurgingTrigger<T, W> {
    return new PurgingTrigger(nested);
  }

  onElement(element: T, timestamp: number, window: W, context: TriggerContext): TriggerResult {
    return purging(this.#nested.onElement(element, timestamp, window, context));
  }

  onEventTime(time: number, window: W, context: TriggerContext): TriggerResult {
    return purging(this.#nested.onEventTime(time, window, context));
  }

  onProcessingTime(time: number, window: W, context: TriggerContext): TriggerResult {
    return purging(this.#nested.onProcessingTime(time, window, context));
  }

  canMerge(): boolean {
    return this.#nested.canMerge?.() ?? false;
  }

  onMerge(window: W, context: OnMergeContext): void {
    this.#nested.onMerge?.(window, context);
  }

  clear(window: W, context: TriggerContext): void {
    this.#nested.clear(window, context);
  }
}

function purging(result: TriggerResult): TriggerResult {
  return result === 'FIRE' ? 'FIRE_AND_PURGE' : result;
}
