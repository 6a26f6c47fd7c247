import type { Duration } from '../../core/duration.ts';
import { ReducingStateDescriptor } from '../../core/state.ts';
import { addClamped, alignedStart } from '../../core/time.ts';
import type { OnMergeContext, Trigger, TriggerContext, TriggerResult } from '../../core/window/trigger.ts';
import type { Window } from '../../core/window/window.ts';
import { requireInterval } from './trigger-interval.ts';

const FIRE_TIME = new ReducingStateDescriptor<number>('fire-time', (a, b) => Math.min(a, b));

/**
 * Fires whenever the watermark passes a multiple of an interval, and at the end of the window.
 * Source: Flink's ContinuousEventTimeTrigger.
 */
export class ContinuousEventTimeTrigger implements Trigger<unknown, Window> {
  readonly description: string;
  readonly #intervalMs: number;

  private constructor(intervalMs: number) {
    this.description = `ContinuousEventTimeTrigger(${intervalMs})`;
    this.#intervalMs = intervalMs;
  }

  /** Early results every `interval` of event time. Throws UserError TRIGGER_INVALID unless it is positive. */
  static of(interval: Duration): ContinuousEventTimeTrigger {
    requireInterval(interval, 'ContinuousEventTimeTrigger');
    return new ContinuousEventTimeTrigger(interval);
  }

  onElement(_element: unknown, timestamp: number, window: Window, context: TriggerContext): TriggerResult {
    if (window.maxTimestamp <= context.currentWatermark()) return 'FIRE';
    context.registerEventTimeTimer(window.maxTimestamp);
    if (context.getPartitionedState(FIRE_TIME).get() === undefined) {
      this.#registerNext(alignedStart(timestamp, 0, this.#intervalMs), window, context);
    }
    return 'CONTINUE';
  }

  onEventTime(time: number, window: Window, context: TriggerContext): TriggerResult {
    if (time === window.maxTimestamp) return 'FIRE';
    const fireTime = context.getPartitionedState(FIRE_TIME);
    if (fireTime.get() !== time) return 'CONTINUE';
    fireTime.clear();
    this.#registerNext(time, window, context);
    return 'FIRE';
  }

  onProcessingTime(): TriggerResult {
    return 'CONTINUE';
  }

  canMerge(): boolean {
    return true;
  }

  onMerge(_window: Window, context: OnMergeContext): void {
    context.mergePartitionedState(FIRE_TIME);
    const next = context.getPartitionedState(FIRE_TIME).get();
    if (next !== undefined) context.registerEventTimeTimer(next);
  }

  clear(_window: Window, context: TriggerContext): void {
    const fireTime = context.getPartitionedState(FIRE_TIME);
    const time = fireTime.get();
    if (time === undefined) return;
    context.deleteEventTimeTimer(time);
    fireTime.clear();
  }

  #registerNext(time: number, window: Window, context: TriggerContext): void {
    const next = Math.min(addClamped(time, this.#intervalMs), window.maxTimestamp);
    context.getPartitionedState(FIRE_TIME).add(next);
    context.registerEventTimeTimer(next);
  }
}
