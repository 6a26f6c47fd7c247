/**
 * The order of the frames of a channel (I6).
 *
 * 1. Frames are consumed in the order 1, 2, 3…
 * 2. Only frames already consumed, or parked already, are dropped.
 * 3. A frame ahead of a gap is parked in state; a gap that lasts is filled from the log of the sender.
 */
import { LIMITS } from '../core/limits.ts';

export type FrameDecision = 'consume' | 'drop' | 'park';

export interface ChannelPlace {
  /** Number of the frame. */
  readonly cseq: number;
  /** Last number consumed. */
  readonly consumed: number;
  /** True if the frame is parked already. */
  readonly parked: boolean;
}

export function classifyFrame({ cseq, consumed, parked }: ChannelPlace): FrameDecision {
  if (cseq <= consumed) return 'drop';
  if (cseq === consumed + 1) return 'consume';
  return parked ? 'drop' : 'park';
}

/** True if parked frames become part of the version that accounts for them (I7). */
export function keepsParkedFrames(): boolean {
  return true;
}

/** A gap in a channel. */
export interface Gap {
  readonly parkedFrames: number;
  /** Unit: ms. */
  readonly ageMs: number;
}

/** Whether the missing frames are fetched from the log of their sender. */
export function mustPull({ parkedFrames, ageMs }: Gap): boolean {
  return parkedFrames > LIMITS.parkedFramesMax || (parkedFrames > 0 && ageMs >= LIMITS.channelGapMs);
}
