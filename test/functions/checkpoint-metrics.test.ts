/** What the coordinator reports of the checkpoints of a job. */
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type CoordinatorEvent, runStep } from '../../functions/coordinator-steps.ts';
import { checkpointMetrics } from '../../functions/middlewares/checkpoint-metrics.ts';
import type { CheckpointSettings } from '../../lib/core/deployment.ts';
import { KeptRows } from '../unit/runtime/invocation/pushed-words.ts';
import { DeployedFunctions } from './deployed-functions.ts';
import { type MappingService, mappingService } from './mapping-service.ts';
import { wordJob, words } from './word-job.ts';

// Read when the module is loaded. As in a function: metrics are lines of its log.
vi.hoisted(() => {
  process.env.AWS_EMF_ENVIRONMENT = 'Lambda';
});

const DURATION_MS = 1234;

let lambda: MappingService;
let lines: unknown[];
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  lambda = await mappingService([]);
  lines = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(JSON.parse(line)));
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await lambda.close();
});

/** A job that has moved; `step` is a call of its coordinator. */
async function runningJob(checkpoints: CheckpointSettings = {}) {
  const deployed = new DeployedFunctions({ job: wordJob(new KeptRows()), source: 'words' });
  await deployed.start();
  await deployed.read('words', 0, words('a', 'b'));
  const { ports } = deployed;
  const deployment = { ...deployed.deployment, checkpoints };
  const handler = middy<CoordinatorEvent, Readonly<Record<string, unknown>>>()
    .use(checkpointMetrics(deployment.job, ports.clock))
    .handler((event) => runStep({ deployment, ports, lambda: lambda.client, mappings: [] }, event));
  // Nothing asks for the context.
  return { step: (event: CoordinatorEvent) => handler(event, {} as Context) };
}

/** The steps before the decision. */
async function begun(step: Awaited<ReturnType<typeof runningJob>>['step']): Promise<void> {
  await step({ step: 'create-checkpoint', execution: 'e:1' });
  for (const name of ['note-bases', 'append-epochs'] as const) await step({ step: name, run: 'run-1', n: 1 });
}

it('a completed checkpoint is counted, with the time that it took', async () => {
  const { step } = await runningJob();
  await begun(step);
  expect(lines).toEqual([]);
  vi.setSystemTime(Date.now() + DURATION_MS);
  await step({ step: 'conclude-checkpoint', run: 'run-1', n: 1 });
  const Metrics = [
    { Name: 'numberOfCompletedCheckpoints', Unit: 'Count' },
    { Name: 'lastCheckpointDuration', Unit: 'Milliseconds' },
  ];
  expect(lines).toMatchObject([
    {
      ...{ Job: 'words', numberOfCompletedCheckpoints: 1, lastCheckpointDuration: DURATION_MS },
      _aws: { CloudWatchMetrics: [{ Metrics }] },
    },
  ]);
});

it('an aborted checkpoint is a failed one, and an abort that came too late is none', async () => {
  const { step } = await runningJob();
  await begun(step);
  await step({ step: 'abort-checkpoint', run: 'run-1', n: 1 });
  expect(lines).toMatchObject([{ Job: 'words', numberOfFailedCheckpoints: 1 }]);
  const other = await runningJob();
  await begun(other.step);
  await other.step({ step: 'conclude-checkpoint', run: 'run-1', n: 1 });
  await other.step({ step: 'abort-checkpoint', run: 'run-1', n: 1 });
  expect(lines).toHaveLength(2);
  expect(lines[1]).not.toHaveProperty('numberOfFailedCheckpoints');
});

it('a checkpoint that is skipped reports nothing: an idle job has no metrics', async () => {
  const { step } = await runningJob();
  await begun(step);
  await step({ step: 'conclude-checkpoint', run: 'run-1', n: 1 });
  expect(await step({ step: 'create-checkpoint', execution: 'e:2' })).toEqual({ kind: 'skipped' });
  expect(lines).toHaveLength(1);
});

it('a checkpoint that is not complete in the time that the job sets is a failed one, once', async () => {
  const { step } = await runningJob({ timeoutMs: DURATION_MS - 1 });
  await begun(step);
  vi.setSystemTime(Date.now() + DURATION_MS);
  for (const name of ['conclude-checkpoint', 'abort-checkpoint'] as const) {
    expect(await step({ step: name, run: 'run-1', n: 1 })).toMatchObject({ kind: 'aborted', n: 1 });
  }
  expect(lines).toMatchObject([{ Job: 'words', numberOfFailedCheckpoints: 1 }]);
});
