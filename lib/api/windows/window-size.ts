import type { Duration } from '../../core/duration.ts';
import { UserError } from '../../core/errors.ts';

/**
 * Checks the size, slide or gap of a window. Throws UserError WINDOW_INVALID unless it is positive. Unit: ms.
 */
export function requirePositive(name: string, duration: Duration, assigner: string): void {
  if (Number.isSafeInteger(duration) && duration > 0) return;
  throw new UserError(
    'WINDOW_INVALID',
    `The ${name} of ${assigner} is ${duration} ms; give a positive Duration such as minutes(5).`,
  );
}

/** Checks the offset of a window. Throws UserError WINDOW_INVALID unless |offset| < period. Unit: ms. */
export function requireOffset(offset: Duration, period: Duration, assigner: string): void {
  if (Number.isSafeInteger(offset) && Math.abs(offset) < period) return;
  throw new UserError(
    'WINDOW_INVALID',
    `The offset of ${assigner} is ${offset} ms; give one whose absolute value is below ${period} ms.`,
  );
}
