import type { Trigger, TriggerContext, TriggerResult } from '../../core/window/trigger.ts';
import type { Window } from '../../core/window/window.ts';

/**
 * Fires when the clock passes the end of the window. The default of processing-time windows.
 * Source: Flink's ProcessingTimeTrigger.
 */
export class ProcessingTimeTrigger implements Trigger<unknown, Window> {
  readonly description = 'ProcessingTimeTrigger';

  private constructor() {}

  /** The trigger; it has no parameters. */
  static create(): ProcessingTimeTrigger {
    return new ProcessingTimeTrigger();
  }

  onElement(_element: unknown, _timestamp: number, window: Window, context: TriggerContext): TriggerResult {
    context.registerProcessingTimeTimer(window.maxTimestamp);
    return 'CONTINUE';
  }

  onEventTime(): TriggerResult {
    return 'CONTINUE';
  }

  onProcessingTime(): TriggerResult {
    return 'FIRE';
  }

  canMerge(): boolean {
    return true;
  }

  onMerge(window: Window, context: TriggerContext): void {
    if (window.maxTimestamp > context.currentProcessingTime()) {
      context.registerProcessingTimeTimer(window.maxTimestamp);
    }
  }

  clear(window: Window, context: TriggerContext): void {
    context.deleteProcessingTimeTimer(window.maxTimestamp);
  }
}
