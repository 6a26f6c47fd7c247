/** The one error for stored bytes that are not what was written. */
import { messageOf, StreamError, UserError } from '../errors.ts';

/** `where` starts the sentence, for example `The log entry orders/0 version 7`. */
export function corruption(where: string, what: string, cause?: unknown): UserError {
  return new UserError(
    'STATE_CORRUPT',
    `${where} is damaged: ${what}. Restore the job from its latest checkpoint or from a copy of the store.`,
    cause === undefined ? {} : { cause },
  );
}

/** Runs `read`; whatever malformed bytes make it throw becomes a UserError STATE_CORRUPT. */
export function guardCorruption<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof StreamError) throw error;
    throw corruption(where, messageOf(error), error);
  }
}
