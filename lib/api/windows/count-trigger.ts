import { UserError } from '../../core/errors.ts';
import { ReducingStateDescriptor } from '../../core/state.ts';
import type { OnMergeContext, Trigger, TriggerContext, TriggerResult } from '../../core/window/trigger.ts';
import type { Window } from '../../core/window/window.ts';

const COUNT = new ReducingStateDescriptor<number>('count', (a, b) => a + b);

/**
 * Fires when a window has got `n` elements since it last fired; the contents stay unless it is wrapped in a
 * PurgingTrigger. Source: Flink's CountTrigger.
 */
export class CountTrigger implements Trigger<unknown, Window> {
  readonly description: string;
  readonly #n: number;

  private constructor(n: number) {
    this.description = `CountTrigger(${n})`;
    this.#n = n;
  }

  /** Fires every `n` elements. Throws UserError TRIGGER_INVALID unless `n` is a whole number above 0. */
  static of(n: number): CountTrigger {
    if (!Number.isSafeInteger(n) || n < 1) {
      throw new UserError(
        'TRIGGER_INVALID',
        `CountTrigger.of(${n}) needs a whole number of elements above 0.`,
      );
    }
    return new CountTrigger(n);
  }

  onElement(_element: unknown, _timestamp: number, _window: Window, context: TriggerContext): TriggerResult {
    const count = context.getPartitionedState(COUNT);
    count.add(1);
    if ((count.get() ?? 0) < this.#n) return 'CONTINUE';
    count.clear();
    return 'FIRE';
  }

  onEventTime(): TriggerResult {
    return 'CONTINUE';
  }

  onProcessingTime(): TriggerResult {
    return 'CONTINUE';
  }

  canMerge(): boolean {
    return true;
  }

  onMerge(_window: Window, context: OnMergeContext): void {
    context.mergePartitionedState(COUNT);
  }

  clear(_window: Window, context: TriggerContext): void {
    context.getPartitionedState(COUNT).clear();
  }
}
