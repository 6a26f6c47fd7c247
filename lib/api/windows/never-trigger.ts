import type { Trigger, TriggerResult } from '../../core/window/trigger.ts';
import type { Window } from '../../core/window/window.ts';

/** Never fires. The default of GlobalWindows. Source: Flink's GlobalWindows.NeverTrigger. */
export class NeverTrigger implements Trigger<unknown, Window> {
  readonly description = 'NeverTrigger';

  private constructor() {}

  /** The trigger; it has no parameters. */
  static create(): NeverTrigger {
    return new NeverTrigger();
  }

  onElement(): TriggerResult {
    return 'CONTINUE';
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

  onMerge(): void {}

  clear(): void {}
}
