import type { Duration } from '../../core/duration.ts';
import { addClamped } from '../../core/time.ts';
import type { Trigger } from '../../core/window/trigger.ts';
import { TimeWindow } from '../../core/window/window.ts';
import type { WindowAssigner } from '../../core/window/window-assigner.ts';
import { ProcessingTimeTrigger } from './processing-time-trigger.ts';
import { dynamicGap, fixedGap, mergeOverlapping, type SessionGap } from './session-windows.ts';

/**
 * Sessions by the clock of the machine: a record opens `[now, now + gap)`, and windows that overlap or touch
 * are merged.
 * Source: Flink's ProcessingTimeSessionWindows and DynamicProcessingTimeSessionWindows.
 */
export class ProcessingTimeSessionWindows<T = unknown> implements WindowAssigner<T, TimeWindow> {
  readonly description: string;
  readonly isEventTime = false;
  readonly #gap: SessionGap<T>;

  private constructor(description: string, gap: SessionGap<T>) {
    this.description = description;
    this.#gap = gap;
  }

  /** Sessions that end after `gap` without a record. Throws UserError WINDOW_INVALID unless gap > 0. */
  static withGap(gap: Duration): ProcessingTimeSessionWindows {
    const description = `ProcessingTimeSessionWindows(${gap})`;
    return new ProcessingTimeSessionWindows(description, fixedGap(gap, 'ProcessingTimeSessionWindows'));
  }

  /**
   * Sessions whose gap each record gives. A gap that is not positive throws UserError WINDOW_INVALID at that
   * record.
   */
  static withDynamicGap<T>(gap: SessionGap<T>): ProcessingTimeSessionWindows<T> {
    const description = 'ProcessingTimeSessionWindows(dynamic gap)';
    return new ProcessingTimeSessionWindows(description, dynamicGap(gap, description));
  }

  assignWindows(element: T, _timestamp: number, currentProcessingTime: number): readonly TimeWindow[] {
    return [new TimeWindow(currentProcessingTime, addClamped(currentProcessingTime, this.#gap(element)))];
  }

  mergeWindows(
    windows: readonly TimeWindow[],
    merge: (sources: readonly TimeWindow[], result: TimeWindow) => void,
  ): void {
    mergeOverlapping(windows, merge);
  }

  getDefaultTrigger(): Trigger<T, TimeWindow> {
    return ProcessingTimeTrigger.create();
  }
}
