/**
 * Timestamps are whole milliseconds since the epoch, held in JavaScript numbers.
 *
 * Flink's 64-bit range is mapped onto the safe integers: its `Long.MIN_VALUE` and `Long.MAX_VALUE`
 * are `MIN_TIMESTAMP` and `MAX_WATERMARK` here, and sums are clamped instead of wrapping round.
 */

/** The earliest timestamp, and the watermark of a stream that has not emitted one yet. Unit: ms. */
export const MIN_TIMESTAMP: number = Number.MIN_SAFE_INTEGER;

/** The watermark that ends a bounded stream: nothing can come after it. Unit: ms. */
export const MAX_WATERMARK: number = Number.MAX_SAFE_INTEGER;

/** Marks a record that carries no timestamp; it differs from every legal timestamp. */
export const NO_TIMESTAMP: number = Number.NEGATIVE_INFINITY;

/** Adds a duration to a timestamp; the sum stays within [MIN_TIMESTAMP, MAX_WATERMARK]. Unit: ms. */
export function addClamped(timestamp: number, durationMs: number): number {
  return Math.max(MIN_TIMESTAMP, Math.min(MAX_WATERMARK, timestamp + durationMs));
}

/** True for a whole number of milliseconds in [MIN_TIMESTAMP, MAX_WATERMARK]. */
export function isTimestamp(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

/** Start of the aligned interval of `sizeMs` (shifted by `offsetMs`) that holds `timestamp`. Unit: ms. */
export function alignedStart(timestamp: number, offsetMs: number, sizeMs: number): number {
  const remainder = (timestamp - offsetMs) % sizeMs;
  return remainder < 0 ? timestamp - (remainder + sizeMs) : timestamp - remainder;
}
