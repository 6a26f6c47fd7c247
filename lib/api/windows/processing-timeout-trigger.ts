import type { Duration } from '../../core/duration.ts';
import { ValueStateDescriptor } from '../../core/state.ts';
import { addClamped } from '../../core/time.ts';
import type { Trigger, TriggerContext, TriggerResult } from '../../core/window/trigger.ts';
import type { Window } from '../../core/window/window.ts';
import { requireInterval } from './trigger-interval.ts';

const TIMEOUT = new ValueStateDescriptor<number>('timeout');

/** How a ProcessingTimeoutTrigger counts its timeout. */
export interface ProcessingTimeoutOptions {
  /** Every record begins the timeout anew. Default: false, the first record begins it. */
  readonly resetTimerOnNewRecord?: boolean;
  /** A timeout also clears the nested trigger, for example its count. Default: true. */
  readonly shouldClearOnTimeout?: boolean;
}

/**
 * Fires when another trigger does, or after a timeout of processing time. Windows that merge refuse it.
 * Source: Flink's ProcessingTimeoutTrigger.
 */
export class ProcessingTimeoutTrigger<T, W extends Window> implements Trigger<T, W> {
  readonly description: string;
  readonly #nested: Trigger<T, W>;
  readonly #timeoutMs: number;
  readonly #resetTimerOnNewRecord: boolean;
  readonly #shouldClearOnTimeout: boolean;

  private constructor(nested: Trigger<T, W>, timeoutMs: number, options: ProcessingTimeoutOptions) {
    this.description = `ProcessingTimeoutTrigger(${nested.description}, ${timeoutMs})`;
    this.#nested = nested;
    this.#timeoutMs = timeoutMs;
    this.#resetTimerOnNewRecord = options.resetTimerOnNewRecord ?? false;
    this.#shouldClearOnTimeout = options.shouldClearOnTimeout ?? true;
  }

  /**
   * Fires with `nested` and after `timeout`. Throws UserError TRIGGER_INVALID unless the timeout is positive.
   */
  static of<T, W extends Window>(
    nested: Trigger<T, W>,
    timeout: Duration,
    options: ProcessingTimeoutOptions = {},
  ): ProcessingTimeoutTrigger<T, W> {
    requireInterval(timeout, 'ProcessingTimeoutTrigger');
    return new ProcessingTimeoutTrigger(nested, timeout, options);
  }

  onElement(element: T, timestamp: number, window: W, context: TriggerContext): TriggerResult {
    const result = this.#nested.onElement(element, timestamp, window, context);
    if (isFire(result)) {
      this.clear(window, context);
      return result;
    }
    const timeout = context.getPartitionedState(TIMEOUT);
    const pending = timeout.value();
    if (pending !== undefined && this.#resetTimerOnNewRecord) context.deleteProcessingTimeTimer(pending);
    if (pending === undefined || this.#resetTimerOnNewRecord) {
      const next = addClamped(context.currentProcessingTime(), this.#timeoutMs);
      timeout.update(next);
      context.registerProcessingTimeTimer(next);
    }
    return result;
  }

  onEventTime(time: number, window: W, context: TriggerContext): TriggerResult {
    return this.#timedOut(this.#nested.onEventTime(time, window, context), window, context);
  }

  onProcessingTime(time: number, window: W, context: TriggerContext): TriggerResult {
    return this.#timedOut(this.#nested.onProcessingTime(time, window, context), window, context);
  }

  clear(window: W, context: TriggerContext): void {
    const timeout = context.getPartitionedState(TIMEOUT);
    const pending = timeout.value();
    if (pending !== undefined) {
      context.deleteProcessingTimeTimer(pending);
      timeout.clear();
    }
    this.#nested.clear(window, context);
  }

  #timedOut(result: TriggerResult, window: W, context: TriggerContext): TriggerResult {
    if (this.#shouldClearOnTimeout) this.clear(window, context);
    return result === 'PURGE' || result === 'FIRE_AND_PURGE' ? 'FIRE_AND_PURGE' : 'FIRE';
  }
}

function isFire(result: TriggerResult): boolean {
  return result === 'FIRE' || result === 'FIRE_AND_PURGE';
}
