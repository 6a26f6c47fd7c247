import { UserError } from './errors.ts';

declare const durationBrand: unique symbol;

/**
 * A length of time. Made only by `millis`, `seconds`, `minutes`, `hours` and `days`, so that a bare number
 * whose unit nobody knows does not compile.
 *
 * Units  whole milliseconds at run time; negative durations are legal where an offset is.
 */
export type Duration = number & { readonly [durationBrand]: 'milliseconds' };

/** Milliseconds as a Duration. Throws UserError DURATION_INVALID unless `n` is a whole, safe number. */
export function millis(n: number): Duration {
  return duration(n, 1, 'millis');
}

/** Seconds as a Duration. Throws UserError DURATION_INVALID unless it is a whole number of milliseconds. */
export function seconds(n: number): Duration {
  return duration(n, 1000, 'seconds');
}

/** Minutes as a Duration. Throws UserError DURATION_INVALID unless it is a whole number of milliseconds. */
export function minutes(n: number): Duration {
  return duration(n, 60_000, 'minutes');
}

/** Hours as a Duration. Throws UserError DURATION_INVALID unless it is a whole number of milliseconds. */
export function hours(n: number): Duration {
  return duration(n, 3_600_000, 'hours');
}

/** Days of exactly 24 hours as a Duration. Throws UserError DURATION_INVALID unless whole milliseconds. */
export function days(n: number): Duration {
  return duration(n, 86_400_000, 'days');
}

function duration(n: number, unitMs: number, unit: string): Duration {
  const ms = n * unitMs;
  if (!Number.isSafeInteger(ms)) {
    throw new UserError(
      'DURATION_INVALID',
      `${unit}(${n}) is not a whole number of milliseconds; give a finite number.`,
    );
  }
  // The brand exists only for the compiler: the number was checked just above.
  return ms as Duration;
}
