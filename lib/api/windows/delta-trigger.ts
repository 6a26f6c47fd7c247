import { UserError } from '../../core/errors.ts';
import { ValueStateDescriptor } from '../../core/state.ts';
import type { Trigger, TriggerContext, TriggerResult } from '../../core/window/trigger.ts';
import type { Window } from '../../core/window/window.ts';

/** Distance of two elements, in any unit. Source: Flink's DeltaFunction. */
export type DeltaFunction<T> = (oldElement: T, newElement: T) => number;

/**
 * Fires when an element is farther than a threshold from the one at the last firing (or the first).
 * Windows that merge refuse it. Source: Flink's DeltaTrigger.
 */
export class DeltaTrigger<T> implements Trigger<T, Window> {
  readonly description: string;
  readonly #threshold: number;
  readonly #delta: DeltaFunction<T>;
  readonly #lastElement = new ValueStateDescriptor<T>('last-element');

  private constructor(threshold: number, delta: DeltaFunction<T>) {
    this.description = `DeltaTrigger(${threshold})`;
    this.#threshold = threshold;
    this.#delta = delta;
  }

  /**
   * Fires when `delta(last, element) > threshold`. Throws UserError TRIGGER_INVALID if the threshold is NaN.
   */
  static of<T>(threshold: number, delta: DeltaFunction<T>): DeltaTrigger<T> {
    if (typeof threshold !== 'number' || Number.isNaN(threshold)) {
      throw new UserError('TRIGGER_INVALID', `The threshold of DeltaTrigger is ${threshold}; give a number.`);
    }
    return new DeltaTrigger(threshold, delta);
  }

  onElement(element: T, _timestamp: number, _window: Window, context: TriggerContext): TriggerResult {
    const state = context.getPartitionedState(this.#lastElement);
    const last = state.value();
    if (last === undefined) {
      state.update(element);
      return 'CONTINUE';
    }
    if (!(this.#delta(last, element) > this.#threshold)) return 'CONTINUE';
    state.update(element);
    return 'FIRE';
  }

  onEventTime(): TriggerResult {
    return 'CONTINUE';
  }

  onProcessingTime(): TriggerResult {
    return 'CONTINUE';
  }

  clear(_window: Window, context: TriggerContext): void {
    context.getPartitionedState(this.#lastElement).clear();
  }
}
