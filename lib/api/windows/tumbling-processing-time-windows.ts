import { type Duration, millis } from '../../core/duration.ts';
import { addClamped, alignedStart } from '../../core/time.ts';
import type { Trigger } from '../../core/window/trigger.ts';
import { TimeWindow } from '../../core/window/window.ts';
import type { WindowAssigner } from '../../core/window/window-assigner.ts';
import { ProcessingTimeTrigger } from './processing-time-trigger.ts';
import { requireOffset, requirePositive } from './window-size.ts';
import { requireStagger, staggerOffset, type WindowStagger } from './window-stagger.ts';

/** Fixed windows by the clock of the machine. Source: Flink's TumblingProcessingTimeWindows. */
export class TumblingProcessingTimeWindows implements WindowAssigner<unknown, TimeWindow> {
  readonly description: string;
  readonly isEventTime = false;
  readonly #sizeMs: number;
  readonly #offsetMs: number;
  readonly #stagger: WindowStagger;
  #staggerOffsetMs: number | undefined;

  private constructor(size: Duration, offset: Duration, stagger: WindowStagger) {
    this.description = `TumblingProcessingTimeWindows(${size}${offset === 0 ? '' : `, offset ${offset}`})`;
    this.#sizeMs = size;
    this.#offsetMs = offset;
    this.#stagger = stagger;
  }

  /**
   * Windows of `size`, aligned to the epoch (UTC) and shifted by `offset`.
   *
   * Throws UserError WINDOW_INVALID unless size > 0 and |offset| < size.
   */
  static of(size: Duration, offset: Duration = millis(0), stagger: WindowStagger = 'aligned') {
    requirePositive('size', size, 'TumblingProcessingTimeWindows');
    requireOffset(offset, size, 'TumblingProcessingTimeWindows');
    requireStagger(stagger);
    return new TumblingProcessingTimeWindows(size, offset, stagger);
  }

  assignWindows(_element: unknown, _timestamp: number, currentProcessingTime: number): readonly TimeWindow[] {
    this.#staggerOffsetMs ??= staggerOffset(this.#stagger, currentProcessingTime, this.#sizeMs);
    const offsetMs = (this.#offsetMs + this.#staggerOffsetMs) % this.#sizeMs;
    const start = alignedStart(currentProcessingTime, offsetMs, this.#sizeMs);
    return [new TimeWindow(start, addClamped(start, this.#sizeMs))];
  }

  getDefaultTrigger(): Trigger<unknown, TimeWindow> {
    return ProcessingTimeTrigger.create();
  }
}
