/** The processing time of a version: a clock that is behind the log does not move it back. Unit: ms. */
export function processingTimeOf(previous: number, clock: number): number {
  return Math.max(previous, clock);
}
