import type { MiddlewareObj } from '@middy/core';
import { messageOf, StreamError } from '../../lib/core/errors.ts';

/** Writes one line of JSON for an invocation that throws, with what it was invoked with. */
export function logFailure<E, R>(): MiddlewareObj<E, R> {
  return {
    onError: ({ error, event }) => {
      const causes = error instanceof AggregateError ? error.errors.map(messageOf) : undefined;
      console.error({
        message: messageOf(error),
        code: error instanceof StreamError ? error.code : undefined,
        causes,
        event,
        stack: error?.stack,
      });
    },
  };
}
