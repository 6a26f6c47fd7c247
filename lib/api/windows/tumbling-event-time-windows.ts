import { type Duration, millis } from '../../core/duration.ts';
import { addClamped, alignedStart } from '../../core/time.ts';
import { requireTimestamp } from '../../core/window/event-timestamp.ts';
import type { Trigger } from '../../core/window/trigger.ts';
import { TimeWindow } from '../../core/window/window.ts';
import type { Slicing, WindowAssigner } from '../../core/window/window-assigner.ts';
import { EventTimeTrigger } from './event-time-trigger.ts';
import { requireOffset, requirePositive } from './window-size.ts';
import { requireStagger, staggerOffset, type WindowStagger } from './window-stagger.ts';

/**
 * Fixed windows `[k·size + offset, (k+1)·size + offset)` of event time. Source: Flink's
 * TumblingEventTimeWindows.
 */
export class TumblingEventTimeWindows implements WindowAssigner<unknown, TimeWindow> {
  readonly description: string;
  readonly isEventTime = true;
  /** Undefined unless the windows are aligned. */
  declare readonly slicing?: Slicing;
  readonly #sizeMs: number;
  readonly #offsetMs: number;
  readonly #stagger: WindowStagger;
  #staggerOffsetMs: number | undefined;

  private constructor(size: Duration, offset: Duration, stagger: WindowStagger) {
    this.description = `TumblingEventTimeWindows(${size}${offset === 0 ? '' : `, offset ${offset}`})`;
    this.#sizeMs = size;
    this.#offsetMs = offset;
    this.#stagger = stagger;
    if (stagger === 'aligned') this.slicing = { sizeMs: size, slideMs: size, offsetMs: offset };
  }

  /**
   * Windows of `size`, aligned to the epoch (UTC) and shifted by `offset`: `hours(-8)` makes days of China.
   *
   * Throws UserError WINDOW_INVALID unless size > 0 and |offset| < size.
   */
  static of(size: Duration, offset: Duration = millis(0), stagger: WindowStagger = 'aligned') {
    requirePositive('size', size, 'TumblingEventTimeWindows');
    requireOffset(offset, size, 'TumblingEventTimeWindows');
    requireStagger(stagger);
    return new TumblingEventTimeWindows(size, offset, stagger);
  }

  assignWindows(_element: unknown, timestamp: number, currentProcessingTime: number): readonly TimeWindow[] {
    requireTimestamp(timestamp, this.description);
    this.#staggerOffsetMs ??= staggerOffset(this.#stagger, currentProcessingTime, this.#sizeMs);
    const offsetMs = (this.#offsetMs + this.#staggerOffsetMs) % this.#sizeMs;
    const start = alignedStart(timestamp, offsetMs, this.#sizeMs);
    return [new TimeWindow(start, addClamped(start, this.#sizeMs))];
  }

  getDefaultTrigger(): Trigger<unknown, TimeWindow> {
    return EventTimeTrigger.create();
  }
}
