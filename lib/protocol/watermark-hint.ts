/** Watermarks that travel without a record (I14). */

export interface HintPlace {
  /** Last frame of the channel that the sender had produced when it told the watermark. */
  readonly afterCseq: number;
  /** Last frame of the channel consumed. */
  readonly consumed: number;
}

/** A hint that is ahead of its frames is ignored: a later one, or a frame, says the same. */
export function mayApplyHint({ afterCseq, consumed }: HintPlace): boolean {
  return consumed >= afterCseq;
}

/** A watermark is told only from state that is in the log. */
export function mayHint({ committed }: { readonly committed: boolean }): boolean {
  return committed;
}

/** The watermark of a channel after it was told `told`: it never moves back. Unit: ms since the epoch. */
export function channelWatermark(current: number, told: number): number {
  return Math.max(current, told);
}
