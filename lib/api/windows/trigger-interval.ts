import type { Duration } from '../../core/duration.ts';
import { UserError } from '../../core/errors.ts';

/** Checks the interval of a trigger. Throws UserError TRIGGER_INVALID unless it is positive. Unit: ms. */
export function requireInterval(interval: Duration, trigger: string): void {
  if (Number.isSafeInteger(interval) && interval > 0) return;
  throw new UserError(
    'TRIGGER_INVALID',
    `The interval of ${trigger} is ${interval} ms; give a positive Duration such as seconds(10).`,
  );
}
