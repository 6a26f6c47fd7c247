import { addClamped, MIN_TIMESTAMP } from '../../core/time.ts';
import type { Slice } from './slice.ts';
import type { SliceGeometry } from './slice-geometry.ts';

/** The slices that hold data, in order of time. */
export class SliceSet {
  readonly geometry: SliceGeometry;
  readonly #allowedLatenessMs: number;
  readonly #byStart = new Map<number, Slice>();
  #sorted: Slice[] = [];

  constructor(geometry: SliceGeometry, allowedLatenessMs: number) {
    this.geometry = geometry;
    this.#allowedLatenessMs = allowedLatenessMs;
  }

  get all(): readonly Slice[] {
    return this.#sorted;
  }

  get(start: number): Slice | undefined {
    return this.#byStart.get(start);
  }

  /** Makes the slice that begins at `start`; undefined if it is in no window. */
  create(start: number): Slice | undefined {
    const { geometry } = this;
    const firstWindow = geometry.firstWindowOf(start);
    const lastWindow = geometry.lastWindowOf(start);
    if (firstWindow > lastWindow) return undefined;
    return {
      start,
      end: start + geometry.widthMs,
      firstWindow,
      lastWindow,
      firstFireTime: geometry.fireTimeOf(firstWindow),
      expiry: this.cleanupTimeOf(lastWindow),
      panes: new Map(),
      changed: [],
    };
  }

  add(slice: Slice): void {
    let at = this.#sorted.length;
    // Slices come nearly in order of time: the place is at the end or near it.
    while (at > 0 && (this.#sorted[at - 1]?.start ?? 0) > slice.start) at--;
    this.#sorted.splice(at, 0, slice);
    this.#byStart.set(slice.start, slice);
  }

  /** The watermark at which a window is cleaned up. */
  cleanupTimeOf(window: number): number {
    return addClamped(this.geometry.fireTimeOf(window), this.#allowedLatenessMs);
  }

  /** The first window not before `window` that has data; Infinity if there is none. */
  firstWindowFrom(window: number): number {
    for (const slice of this.#sorted) {
      if (slice.lastWindow >= window) return Math.max(slice.firstWindow, window);
    }
    return Number.POSITIVE_INFINITY;
  }

  /** The first window with data that has not fired at `watermark`; Infinity if there is none. */
  firstUnfiredAt(watermark: number): number {
    return this.firstWindowFrom(this.geometry.firstUnfiredAt(watermark));
  }

  /** The first window with data that is not cleaned up at `watermark`; Infinity if there is none. */
  firstUncleanedAt(watermark: number): number {
    return this.firstUnfiredAt(addClamped(watermark, -this.#allowedLatenessMs));
  }

  /** The slices of a window that hold data, in order of time. */
  slicesOf(window: number): readonly Slice[] {
    if (this.geometry.tumbling) {
      const slice = this.#byStart.get(window);
      return slice === undefined ? [] : [slice];
    }
    const end = window + this.geometry.sizeMs;
    return this.#sorted.filter(({ start }) => start >= window && start < end);
  }

  /** Watermark at which the first slice goes; Infinity if there is none. */
  firstExpiry(): number {
    return this.#sorted[0]?.expiry ?? Number.POSITIVE_INFINITY;
  }

  /** Removes and returns the slices all of whose windows are cleaned up at `watermark`. */
  expire(watermark: number): readonly Slice[] {
    let expired = 0;
    for (const { start, expiry } of this.#sorted) {
      if (expiry > watermark) break;
      this.#byStart.delete(start);
      expired++;
    }
    if (expired === 0) return [];
    const slices = this.#sorted.slice(0, expired);
    this.#sorted = this.#sorted.slice(expired);
    return slices;
  }

  remove(slice: Slice): void {
    this.#byStart.delete(slice.start);
    this.#sorted = this.#sorted.filter((other) => other !== slice);
  }

  /** Puts back what `all` gave before. */
  reset(slices: readonly Slice[]): void {
    this.#sorted = [...slices];
    this.#byStart.clear();
    for (const slice of slices) this.#byStart.set(slice.start, slice);
  }
}

/** Stands for a slice that holds no timestamp. */
export const NO_SLICE: Slice = {
  start: Number.POSITIVE_INFINITY,
  end: Number.NEGATIVE_INFINITY,
  firstWindow: MIN_TIMESTAMP,
  lastWindow: MIN_TIMESTAMP,
  firstFireTime: MIN_TIMESTAMP,
  expiry: MIN_TIMESTAMP,
  panes: new Map(),
  changed: [],
};
