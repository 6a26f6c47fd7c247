import { addClamped, alignedStart, MAX_WATERMARK, MIN_TIMESTAMP } from '../../core/time.ts';
import type { Slicing } from '../../core/window/window-assigner.ts';

/**
 * How windows `[k·slide + offset, k·slide + offset + size)` are made of slices of gcd(size, slide).
 *
 * Windows and slices are named by their starts. Unit: ms since the epoch.
 */
export class SliceGeometry {
  readonly sizeMs: number;
  readonly slideMs: number;
  readonly offsetMs: number;
  readonly widthMs: number;
  /** True if every window is one slice. */
  readonly tumbling: boolean;

  constructor({ sizeMs, slideMs, offsetMs }: Slicing) {
    this.sizeMs = sizeMs;
    this.slideMs = slideMs;
    this.offsetMs = offsetMs;
    this.widthMs = greatestCommonDivisor(sizeMs, slideMs);
    this.tumbling = sizeMs === this.widthMs;
  }

  sliceAt(timestamp: number): number {
    return alignedStart(timestamp, this.offsetMs, this.widthMs);
  }

  /** The first window that may hold a slice; it does if it is not after `lastWindowOf`. */
  firstWindowOf(slice: number): number {
    return this.#firstWindowAfter(slice - this.sizeMs);
  }

  /** The last window that begins at or before a slice. */
  lastWindowOf(slice: number): number {
    return alignedStart(slice, this.offsetMs, this.slideMs);
  }

  /** End of a window; one that reaches beyond all timestamps ends with them. */
  endOf(window: number): number {
    return addClamped(window, this.sizeMs);
  }

  /** The watermark at which a window fires. */
  fireTimeOf(window: number): number {
    return this.endOf(window) - 1;
  }

  /** The first window that has not fired at `watermark`; Infinity if all have. */
  firstUnfiredAt(watermark: number): number {
    if (watermark >= MAX_WATERMARK - 1) return Number.POSITIVE_INFINITY;
    if (watermark <= MIN_TIMESTAMP) return Number.NEGATIVE_INFINITY;
    return this.#firstWindowAfter(watermark + 1 - this.sizeMs);
  }

  #firstWindowAfter(time: number): number {
    return alignedStart(time, this.offsetMs, this.slideMs) + this.slideMs;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  let [larger, smaller] = [a, b];
  while (smaller !== 0) [larger, smaller] = [smaller, larger % smaller];
  return larger;
}
