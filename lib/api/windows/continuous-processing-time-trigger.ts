import type { Duration } from '../../core/duration.ts';
import { ReducingStateDescriptor } from '../../core/state.ts';
import { addClamped, alignedStart } from '../../core/time.ts';
import type { OnMergeContext, Trigger, TriggerContext, TriggerResult } from '../../core/window/trigger.ts';
import type { Window } from '../../core/window/window.ts';
import { requireInterval } from './trigger-interval.ts';

const FIRE_TIME = new ReducingStateDescriptor<number>('fire-time', (a, b) => Math.min(a, b));

/**
 * Fires whenever the clock passes a multiple of an interval, at the latest at the end of the window.
 * Source: Flink's ContinuousProcessingTimeTrigger.
 */
export class ContinuousProcessingTimeTrigger implements Trigger<unknown, Window> {
  readonly description: string;
  readonly #intervalMs: number;

  private constructor(intervalMs: number) {
    this.description = `ContinuousProcessingTimeTrigger(${intervalMs})`;
    this.#intervalMs = intervalMs;
  }

  /**
   * Early results every `interval` of processing time. Throws UserError TRIGGER_INVALID unless it is
   * positive.
   */
  static of(interval: Duration): ContinuousProcessingTimeTrigger {
    requireInterval(interval, 'ContinuousProcessingTimeTrigger');
    return new ContinuousProcessingTimeTrigger(interval);
  }

  onElement(_element: unknown, _timestamp: number, window: Window, context: TriggerContext): TriggerResult {
    if (context.getPartitionedState(FIRE_TIME).get() === undefined) {
      this.#registerNext(alignedStart(context.currentProcessingTime(), 0, this.#intervalMs), window, context);
    }
    return 'CONTINUE';
  }

  onEventTime(): TriggerResult {
    return 'CONTINUE';
  }

  onProcessingTime(time: number, window: Window, context: TriggerContext): TriggerResult {
    const fireTime = context.getPartitionedState(FIRE_TIME);
    if (fireTime.get() !== time) return 'CONTINUE';
    fireTime.clear();
    if (time < window.maxTimestamp) this.#registerNext(time, window, context);
    return 'FIRE';
  }

  canMerge(): boolean {
    return true;
  }

  onMerge(_window: Window, context: OnMergeContext): void {
    context.mergePartitionedState(FIRE_TIME);
    const next = context.getPartitionedState(FIRE_TIME).get();
    if (next !== undefined) context.registerProcessingTimeTimer(next);
  }

  clear(_window: Window, context: TriggerContext): void {
    const fireTime = context.getPartitionedState(FIRE_TIME);
    const time = fireTime.get();
    if (time === undefined) return;
    context.deleteProcessingTimeTimer(time);
    fireTime.clear();
  }

  #registerNext(time: number, window: Window, context: TriggerContext): void {
    const next = Math.min(addClamped(time, this.#intervalMs), window.maxTimestamp);
    context.getPartitionedState(FIRE_TIME).add(next);
    context.registerProcessingTimeTimer(next);
  }
}
