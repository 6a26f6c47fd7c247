import type { Trigger, TriggerContext, TriggerResult } from '../../core/window/trigger.ts';
import type { Window } from '../../core/window/window.ts';

/**
 * Fires when the watermark passes the end of the window, and at once for a late element that is still
 * allowed. The default of event-time windows. Source: Flink's EventTimeTrigger.
 */
export class EventTimeTrigger implements Trigger<unknown, Window> {
  readonly description = 'EventTimeTrigger';

  private constructor() {}

  /** The trigger; it has no parameters. */
  static create(): EventTimeTrigger {
    return new EventTimeTrigger();
  }

  onElement(_element: unknown, _timestamp: number, window: Window, context: TriggerContext): TriggerResult {
    if (window.maxTimestamp <= context.currentWatermark()) return 'FIRE';
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
    // A window whose end has passed is fired by onElement; a timer would fire it a second time.
    if (window.maxTimestamp > context.currentWatermark()) context.registerEventTimeTimer(window.maxTimestamp);
  }

  clear(window: Window, context: TriggerContext): void {
    context.deleteEventTimeTimer(window.maxTimestamp);
  }
}
