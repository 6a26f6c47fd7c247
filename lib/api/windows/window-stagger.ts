import { UserError } from '../../core/errors.ts';
import { alignedStart } from '../../core/time.ts';

/**
 * Where tumbling windows begin: `'aligned'` at multiples of the size, `'natural'` at the processing time of
 * the first record, `'random'` at an offset drawn from that time, so that windows of many jobs do not fire at
 * once.
 * Source: Flink's WindowStagger.
 */
export type WindowStagger = 'aligned' | 'random' | 'natural';

/** The staggering modes under Flink's names. */
export const WindowStagger = {
  ALIGNED: 'aligned',
  RANDOM: 'random',
  NATURAL: 'natural',
} as const satisfies Record<string, WindowStagger>;

/**
 * Offset of a stagger in [0, size), derived from the processing time of the first record alone.
 * Throws UserError WINDOW_INVALID for an unknown stagger. Unit: ms.
 */
export function staggerOffset(stagger: WindowStagger, processingTime: number, sizeMs: number): number {
  switch (stagger) {
    case 'aligned':
      return 0;
    case 'natural':
      return processingTime - alignedStart(processingTime, 0, sizeMs);
    case 'random':
      return Math.floor(fractionOf(processingTime) * sizeMs);
    default:
      throw unknownStagger(stagger);
  }
}

/** Throws UserError WINDOW_INVALID unless `stagger` is one of the three modes. */
export function requireStagger(stagger: WindowStagger): void {
  if (stagger !== 'aligned' && stagger !== 'natural' && stagger !== 'random') throw unknownStagger(stagger);
}

function unknownStagger(stagger: unknown): UserError {
  return new UserError(
    'WINDOW_INVALID',
    `The window stagger is ${JSON.stringify(stagger)}; give 'aligned', 'random' or 'natural'.`,
  );
}

/** Spreads neighbouring times evenly over [0, 1): the finalizer of MurmurHash3. */
function fractionOf(time: number): number {
  let hash = (time ^ Math.floor(time / 2 ** 32)) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
