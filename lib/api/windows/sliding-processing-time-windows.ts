import { type Duration, millis } from '../../core/duration.ts';
import type { Trigger } from '../../core/window/trigger.ts';
import type { TimeWindow } from '../../core/window/window.ts';
import type { Slicing, WindowAssigner } from '../../core/window/window-assigner.ts';
import { ProcessingTimeTrigger } from './processing-time-trigger.ts';
import { slidingWindowsAt } from './sliding-windows.ts';
import { requireOffset, requirePositive } from './window-size.ts';

/** Overlapping windows by the clock of the machine. Source: Flink's SlidingProcessingTimeWindows. */
export class SlidingProcessingTimeWindows implements WindowAssigner<unknown, TimeWindow> {
  readonly description: string;
  readonly isEventTime = false;
  readonly #windows: Slicing;

  private constructor(windows: Slicing) {
    const { sizeMs, slideMs, offsetMs } = windows;
    const shift = offsetMs === 0 ? '' : `, offset ${offsetMs}`;
    this.description = `SlidingProcessingTimeWindows(${sizeMs}, ${slideMs}${shift})`;
    this.#windows = windows;
  }

  /**
   * Windows of `size`, one beginning every `slide`. A slide above the size leaves gaps whose records are in
   * no window.
   *
   * Throws UserError WINDOW_INVALID unless size > 0, slide > 0 and |offset| < slide.
   */
  static of(size: Duration, slide: Duration, offset: Duration = millis(0)): SlidingProcessingTimeWindows {
    requirePositive('size', size, 'SlidingProcessingTimeWindows');
    requirePositive('slide', slide, 'SlidingProcessingTimeWindows');
    requireOffset(offset, slide, 'SlidingProcessingTimeWindows');
    return new SlidingProcessingTimeWindows({ sizeMs: size, slideMs: slide, offsetMs: offset });
  }

  assignWindows(_element: unknown, _timestamp: number, currentProcessingTime: number): readonly TimeWindow[] {
    return slidingWindowsAt(currentProcessingTime, this.#windows);
  }

  getDefaultTrigger(): Trigger<unknown, TimeWindow> {
    return ProcessingTimeTrigger.create();
  }
}
