import type { MiddlewareObj } from '@middy/core';
import type { KinesisStreamBatchResponse } from 'aws-lambda';
import type { InvocationOutcome } from '../../lib/runtime/invocation/invocation-input.ts';
import { isRequest, type TaskEvent } from '../task-event.ts';

/**
 * Tells Lambda what becomes of a batch: records from the first that is not done with are delivered again. A
 * request that failed throws, so that Lambda repeats it.
 */
export function batchResponse(): MiddlewareObj<TaskEvent, unknown> {
  return {
    after: (call) => {
      // What the handler returns.
      call.response = responseTo(call.event, call.response as InvocationOutcome);
    },
  };
}

/** Throws the error of a request that failed. */
function responseTo(event: TaskEvent, outcome: InvocationOutcome): KinesisStreamBatchResponse | undefined {
  if (!isRequest(event)) {
    const first = outcome.kind === 'failed' ? outcome.firstUncommitted : undefined;
    return { batchItemFailures: first === undefined ? [] : [{ itemIdentifier: first }] };
  }
  if (outcome.kind === 'failed' && outcome.error !== undefined) throw outcome.error;
  return undefined;
}
