import { LambdaClient } from '@aws-sdk/client-lambda';
import { describe, expect, it } from 'vitest';
import { LambdaSubtaskInvoker } from '../../../lib/adapters/lambda/lambda-subtask-invoker.ts';
import { type Answer, clientOf, failure, scriptedService } from '../../scripted-service.ts';

const ID = { run: 'run-1', vertex: 'count', subtask: 3 };

async function invocation(answer: Answer, vertex = 'count') {
  const service = await scriptedService([answer]);
  const client = new LambdaClient({ ...clientOf(service), maxAttempts: 1 });
  try {
    const invoker = new LambdaSubtaskInvoker({
      client,
      patientClient: client,
      functions: { count: 'job-count' },
    });
    const thrown = await invoker.invoke({ ...ID, vertex }, { kind: 'tick' }).catch((error: unknown) => error);
    return { thrown, requests: service.requests };
  } finally {
    client.destroy();
    await service.close();
  }
}

describe('LambdaSubtaskInvoker', () => {
  it('calls the function of the vertex with the request, and does not wait for it', async () => {
    const { thrown, requests } = await invocation({ status: 202, body: {} });
    expect(thrown).toBeUndefined();
    expect(requests).toHaveLength(1);
    expect(requests[0]?.path).toBe('/2015-03-31/functions/job-count/invocations');
    expect(requests[0]?.headers['x-amz-invocation-type']).toBe('Event');
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({ millrace: 'tick', ...ID });
  });

  it('a function that is gone, a throttled call and a vertex without function are told apart', async () => {
    expect((await invocation(failure(404, 'ResourceNotFoundException'))).thrown).toMatchObject({
      code: 'AWS_RESOURCE_MISSING',
    });
    expect((await invocation(failure(429, 'TooManyRequestsException'))).thrown).toMatchObject({
      code: 'IO_FAILED',
    });
    expect((await invocation({ status: 202, body: {} }, 'other')).thrown).toMatchObject({
      code: 'INVARIANT',
    });
  });

  // Without a type Lambda answers when the function has.
  it('a question is answered before it returns, with what the function says', async () => {
    const asked = async (answer: Answer) => {
      const service = await scriptedService([answer]);
      const client = new LambdaClient({ ...clientOf(service), maxAttempts: 1 });
      try {
        const invoker = new LambdaSubtaskInvoker({
          client,
          patientClient: client,
          functions: { count: 'f' },
        });
        const thrown = await invoker.ask(ID, 'load').catch((error: unknown) => error);
        return { thrown, type: service.requests[0]?.headers['x-amz-invocation-type'] };
      } finally {
        client.destroy();
        await service.close();
      }
    };
    expect(await asked({ status: 200, body: null })).toEqual({
      thrown: undefined,
      type: undefined,
    });
    const failed = (errorType: string): Answer => ({
      status: 200,
      headers: { 'x-amz-function-error': 'Unhandled' },
      body: { errorType, errorMessage: 'no such window' },
    });
    expect((await asked(failed('UserError'))).thrown).toMatchObject({
      code: 'FUNCTION_FAILED',
      message: expect.stringContaining('no such window'),
    });
    expect((await asked(failed('RetryableError'))).thrown).toMatchObject({ code: 'IO_FAILED' });
  });
});
