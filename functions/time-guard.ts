import { RetryableError } from '../lib/core/errors.ts';
import { LIMITS } from '../lib/core/limits.ts';

const LATE =
  'This invocation waits for a store or for user code until its time is over; what it was given comes ' +
  'again. Raise the timeout of the function if this lasts.';

/**
 * What `work` comes to, if it does in time. What is late goes on as if in a frozen environment: nothing it
 * does can harm a log.
 *
 * @param deadline - when the process is stopped. Unit: ms since the epoch
 * @param message - what is said of work that is late
 *
 * Throws RetryableError IO_FAILED shortly before the deadline, so that something still can be said.
 */
export async function withinTime<T>(work: Promise<T>, deadline: number, message = LATE): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new RetryableError('IO_FAILED', message);
    timer = setTimeout(() => reject(error), deadline - LIMITS.reportMarginMs - Date.now());
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
