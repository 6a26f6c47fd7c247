import type { Duration } from '../../core/duration.ts';
import { addClamped } from '../../core/time.ts';
import { requireTimestamp } from '../../core/window/event-timestamp.ts';
import type { Trigger } from '../../core/window/trigger.ts';
import { TimeWindow } from '../../core/window/window.ts';
import type { WindowAssigner } from '../../core/window/window-assigner.ts';
import { EventTimeTrigger } from './event-time-trigger.ts';
import { dynamicGap, fixedGap, mergeOverlapping, type SessionGap } from './session-windows.ts';

/**
 * Sessions of event time: a record opens `[timestamp, timestamp + gap)`, and windows that overlap or touch
 * are merged.
 * Source: Flink's EventTimeSessionWindows and DynamicEventTimeSessionWindows.
 */
export class EventTimeSessionWindows<T = unknown> implements WindowAssigner<T, TimeWindow> {
  readonly description: string;
  readonly isEventTime = true;
  readonly #gap: SessionGap<T>;

  private constructor(description: string, gap: SessionGap<T>) {
    this.description = description;
    this.#gap = gap;
  }

  /** Sessions that end after `gap` without a record. Throws UserError WINDOW_INVALID unless gap > 0. */
  static withGap(gap: Duration): EventTimeSessionWindows {
    const description = `EventTimeSessionWindows(${gap})`;
    return new EventTimeSessionWindows(description, fixedGap(gap, 'EventTimeSessionWindows'));
  }

  /**
   * Sessions whose gap each record gives. A gap that is not positive throws UserError WINDOW_INVALID at that
   * record.
   */
  static withDynamicGap<T>(gap: SessionGap<T>): EventTimeSessionWindows<T> {
    const description = 'EventTimeSessionWindows(dynamic gap)';
    return new EventTimeSessionWindows(description, dynamicGap(gap, description));
  }

  assignWindows(element: T, timestamp: number): readonly TimeWindow[] {
    requireTimestamp(timestamp, this.description);
    return [new TimeWindow(timestamp, addClamped(timestamp, this.#gap(element)))];
  }

  mergeWindows(
    windows: readonly TimeWindow[],
    merge: (sources: readonly TimeWindow[], result: TimeWindow) => void,
  ): void {
    mergeOverlapping(windows, merge);
  }

  getDefaultTrigger(): Trigger<T, TimeWindow> {
    return EventTimeTrigger.create();
  }
}
