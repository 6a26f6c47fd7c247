import type { MiddlewareObj } from '@middy/core';
import type { KinesisStreamBatchResponse } from 'aws-lambda';
import type { InvocationOutcome } from '../../lib/runtime/invocation/invocation-input.ts';
import { isOfTable, isRequest, type TaskEvent } from '../task-event.ts';

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

/** `state`: of a mapping with a tumbling window, which takes an answer without it for a failure. */
type BatchResponse = KinesisStreamBatchResponse & { readonly state?: Readonly<Record<string, never>> };

/** Throws the error of a request that failed. */
function responseTo(event: TaskEvent, outcome: InvocationOutcome): BatchResponse | undefined {
  if (!isRequest(event)) {
    const first = outcome.kind === 'failed' ? outcome.firstUncommitted : undefined;
    const batchItemFailures = first === undefined ? [] : [{ itemIdentifier: first }];
    return isOfTable(event) ? { batchItemFailures, state: {} } : { batchItemFailures };
  }
  if (outcome.kind === 'failed' && outcome.error !== undefined) throw outcome.error;
  return undefined;
}
