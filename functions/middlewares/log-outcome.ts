import type { MiddlewareObj } from '@middy/core';
import { FencedError, messageOf, RetryableError, StreamError } from '../../lib/core/errors.ts';
import type { InvocationOutcome } from '../../lib/runtime/invocation/invocation-input.ts';
import { isRequest, type TaskEvent } from '../task-event.ts';

/** Writes one line of JSON for an invocation that failed, and none for others. */
export function logOutcome(): MiddlewareObj<TaskEvent, unknown> {
  return {
    after: ({ event, response }) => {
      // What the handler returns.
      const outcome = response as InvocationOutcome;
      if (outcome.kind === 'success' || outcome.error === undefined) return;
      const { error, firstUncommitted } = outcome;
      const passing = error instanceof RetryableError || error instanceof FencedError;
      const line = {
        message: messageOf(error),
        code: error instanceof StreamError ? error.code : undefined,
        firstUncommitted,
        ...placeOf(event),
        ...(passing ? {} : { stack: error instanceof Error ? error.stack : undefined }),
      };
      // What passes is repeated by itself and needs nobody.
      if (passing) console.warn(line);
      else console.error(line);
    },
  };
}

function placeOf(event: TaskEvent): Readonly<Record<string, unknown>> {
  if (isRequest(event)) return { ...event };
  const [first] = event.Records;
  return { eventId: first?.eventID, records: event.Records.length };
}
