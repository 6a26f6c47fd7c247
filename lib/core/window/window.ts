import { MAX_WATERMARK } from '../time.ts';

/** A bounded or unbounded group of records of one key. */
export interface Window {
  /** The largest timestamp that belongs to the window; its results carry it. Unit: ms since the epoch. */
  readonly maxTimestamp: number;
}

/** The interval [start, end). Unit: ms since the epoch. Source: Flink's TimeWindow. */
export class TimeWindow implements Window {
  readonly start: number;
  readonly end: number;

  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
  }

  get maxTimestamp(): number {
    return this.end - 1;
  }

  /** True if the windows overlap or touch. */
  intersects(other: TimeWindow): boolean {
    return this.start <= other.end && this.end >= other.start;
  }

  /** The smallest window that holds both. */
  cover(other: TimeWindow): TimeWindow {
    return new TimeWindow(Math.min(this.start, other.start), Math.max(this.end, other.end));
  }
}

/** The one window of `GlobalWindows`; it never ends by itself. Source: Flink's GlobalWindow. */
export class GlobalWindow implements Window {
  static readonly INSTANCE = new GlobalWindow();

  get maxTimestamp(): number {
    return MAX_WATERMARK;
  }
}
