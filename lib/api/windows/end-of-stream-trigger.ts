import type { Trigger, TriggerContext, TriggerResult } from '../../core/window/trigger.ts';
import type { Window } from '../../core/window/window.ts';

/**
 * Fires once, at the watermark that ends a bounded stream. The default of
 * `GlobalWindows.createWithEndOfStreamTrigger()`. Source: Flink's GlobalWindows.EndOfStreamTrigger.
 */
export class EndOfStreamTrigger implements Trigger<unknown, Window> {
  readonly description = 'EndOfStreamTrigger';

  private constructor() {}

  /** The trigger; it has no parameters. */
  static create(): EndOfStreamTrigger {
    return new EndOfStreamTrigger();
  }

  onElement(_element: unknown, _timestamp: number, window: Window, context: TriggerContext): TriggerResult {
    context.registerEventTimeTimer(window.maxTimestamp);
    return 'CONTINUE';
  }

  onEventTime(time: number, window: Window): TriggerResult {
    return time === window.maxTimestamp ? 'FIRE' : 'CONTINUE';
  }

  onProcessingTime(): TriggerResult {
    return 'CONTINUE';
  }

  canMerge(): boolean {
    return true;
  }

  onMerge(window: Window, context: TriggerContext): void {
    context.registerEventTimeTimer(window.maxTimestamp);
  }

  clear(window: Window, context: TriggerContext): void {
    context.deleteEventTimeTimer(window.maxTimestamp);
  }
}
