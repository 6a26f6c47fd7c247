import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { handler } from '../../functions/start-time.ts';
import { type AnsweredStack, openStack } from './answered-stack.ts';

const FIRST = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const FIRST_SECONDS = String(Math.floor(FIRST / 1000));
const LATER = Date.UTC(2027, 0, 1);

let stack: AnsweredStack;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  stack = await openStack();
});
afterEach(async () => {
  vi.useRealTimers();
  await stack.close();
});

/** What the stack is told at a time; after the creation it names the resource as it was told. */
async function answerAt(now: number, RequestType: 'Create' | 'Update' | 'Delete') {
  vi.setSystemTime(now);
  const common = {
    ...{ StackId: 'stack', LogicalResourceId: 'Time', ResourceType: 'Custom::MillraceStartTime' },
    ...{ RequestId: 'r-1', ServiceToken: '', ResponseURL: stack.url },
    ResourceProperties: { ServiceToken: '' },
  };
  const PhysicalResourceId = stack.answers[0]?.PhysicalResourceId ?? '';
  const events: Readonly<Record<typeof RequestType, CloudFormationCustomResourceEvent>> = {
    Create: { ...common, RequestType: 'Create' },
    Update: {
      ...common,
      RequestType: 'Update',
      PhysicalResourceId,
      OldResourceProperties: common.ResourceProperties,
    },
    Delete: { ...common, RequestType: 'Delete', PhysicalResourceId },
  };
  // Nothing asks for the context.
  await handler(events[RequestType], {} as Context);
  return stack.answers.at(-1);
}

it('the time of the first deployment is whole seconds, and the name of its resource', async () => {
  expect(await answerAt(FIRST, 'Create')).toMatchObject({
    ...{ Status: 'SUCCESS', PhysicalResourceId: FIRST_SECONDS, Data: { Seconds: FIRST_SECONDS } },
  });
});

it('later deployments keep the time of the first, so that nothing is replaced or read again', async () => {
  const first = await answerAt(FIRST, 'Create');
  for (const type of ['Update', 'Delete'] as const) expect(await answerAt(LATER, type)).toEqual(first);
});
