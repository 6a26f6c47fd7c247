import { type Duration, millis } from '../../core/duration.ts';
import { requireTimestamp } from '../../core/window/event-timestamp.ts';
import type { Trigger } from '../../core/window/trigger.ts';
import type { TimeWindow } from '../../core/window/window.ts';
import type { Slicing, WindowAssigner } from '../../core/window/window-assigner.ts';
import { EventTimeTrigger } from './event-time-trigger.ts';
import { slidingWindowsAt } from './sliding-windows.ts';
import { requireOffset, requirePositive } from './window-size.ts';

/**
 * Overlapping windows `[k·slide + offset, k·slide + offset + size)` of event time: each record is in about
 * size/slide of them. Source: Flink's SlidingEventTimeWindows.
 */
export class SlidingEventTimeWindows implements WindowAssigner<unknown, TimeWindow> {
  readonly description: string;
  readonly isEventTime = true;
  readonly slicing: Slicing;

  private constructor(slicing: Slicing) {
    const { sizeMs, slideMs, offsetMs } = slicing;
    const shift = offsetMs === 0 ? '' : `, offset ${offsetMs}`;
    this.description = `SlidingEventTimeWindows(${sizeMs}, ${slideMs}${shift})`;
    this.slicing = slicing;
  }

  /**
   * Windows of `size`, one beginning every `slide`. A slide above the size leaves gaps whose records are in
   * no window.
   *
   * Throws UserError WINDOW_INVALID unless size > 0, slide > 0 and |offset| < slide.
   */
  static of(size: Duration, slide: Duration, offset: Duration = millis(0)): SlidingEventTimeWindows {
    requirePositive('size', size, 'SlidingEventTimeWindows');
    requirePositive('slide', slide, 'SlidingEventTimeWindows');
    requireOffset(offset, slide, 'SlidingEventTimeWindows');
    return new SlidingEventTimeWindows({ sizeMs: size, slideMs: slide, offsetMs: offset });
  }

  assignWindows(_element: unknown, timestamp: number): readonly TimeWindow[] {
    requireTimestamp(timestamp, this.description);
    return slidingWindowsAt(timestamp, this.slicing);
  }

  getDefaultTrigger(): Trigger<unknown, TimeWindow> {
    return EventTimeTrigger.create();
  }
}
