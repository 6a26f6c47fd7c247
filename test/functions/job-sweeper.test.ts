/** What a sweep reports of a job's checkpoints, and what it leaves alone. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { JobSweeper } from '../../functions/job-sweeper.ts';
import { createCheckpoint, takeCheckpoint } from '../../lib/coordinator/checkpoint.ts';
import { JobTables } from '../../lib/coordinator/job-tables.ts';
import type { CheckpointSettings } from '../../lib/core/deployment.ts';
import { LIMITS } from '../../lib/core/limits.ts';
import { KeptRows } from '../unit/runtime/invocation/pushed-words.ts';
import { DeployedFunctions } from './deployed-functions.ts';
import { type MappingService, mappingService } from './mapping-service.ts';
import { wordJob, words } from './word-job.ts';

// Read when the module is loaded. As in a function: metrics are lines of its log.
vi.hoisted(() => {
  process.env.AWS_EMF_ENVIRONMENT = 'Lambda';
});

const WRITES = /^(log[.]append|records[.](create|update)|objects[.]put)/;

let lambda: MappingService;
let ages: number[];
let failed: number[];
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  lambda = await mappingService([]);
  ages = [];
  failed = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => {
    const { lastCheckpointAge, numberOfFailedCheckpoints } = JSON.parse(line);
    if (typeof numberOfFailedCheckpoints === 'number') failed.push(numberOfFailedCheckpoints);
    if (typeof lastCheckpointAge === 'number') ages.push(lastCheckpointAge);
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await lambda.close();
});

async function runningJob(checkpoints: CheckpointSettings = {}) {
  const deployed = new DeployedFunctions({ job: wordJob(new KeptRows()), source: 'words' });
  await deployed.start();
  const { ports } = deployed;
  const deployment = { ...deployed.deployment, checkpoints };
  const sweeper = new JobSweeper({ deployment, ports, lambda: lambda.client, mappings: [] });
  let executions = 0;
  const key = { job: deployment.job, run: 'run-1' };
  return {
    deployed,
    begin: () => createCheckpoint(ports, { ...key, execution: `e-${++executions}` }),
    checkpoint: () => takeCheckpoint(ports, { ...key, execution: `e-${++executions}` }),
    read: async () => {
      await deployed.read('words', 0, words('a', 'b'));
      for (const i of [0, 1]) await deployed.forward('mark', i);
    },
    /** Sweeps once a minute. */
    pass: async (minutes: number) => {
      for (let minute = 0; minute < minutes; minute++) {
        vi.setSystemTime(Date.now() + LIMITS.sweepIntervalMs);
        await sweeper.sweep();
        for (const i of [0, 1]) await deployed.forward('mark', i);
      }
    },
  };
}

it('says how old the last checkpoint is while there is something for the next', async () => {
  const { checkpoint, read, pass } = await runningJob();
  await read();
  expect((await checkpoint()).kind).toBe('complete');
  vi.setSystemTime(Date.now() + 1);
  await read();
  await pass(3);
  expect(ages).toHaveLength(3);
  expect(ages.at(-1)).toBe(3 * LIMITS.sweepIntervalMs + 1);
});

it('says nothing of a job whose checkpoints are skipped, and writes nothing', async () => {
  const { deployed, checkpoint, read, pass } = await runningJob();
  await read();
  await pass(5);
  expect((await checkpoint()).kind).toBe('complete');
  await pass(5);
  expect(await checkpoint()).toMatchObject({ kind: 'skipped' });
  ages = [];
  deployed.calls.take();
  await pass(1);
  const reads = deployed.calls.take().map(({ name }) => name);
  // One a subtask, and three of the records; collections of garbage come on top of that once an hour.
  expect(reads.filter((name) => name.startsWith('log.'))).toEqual(Array(4).fill('log.readSlot'));
  expect(reads.filter((name) => name.startsWith('records.'))).toHaveLength(3);
  await pass(60);
  expect(await checkpoint()).toMatchObject({ kind: 'skipped' });
  expect(ages).toEqual([]);
  const writes = deployed.calls.take().filter(({ name }) => WRITES.test(name));
  expect(writes).toEqual([]);
});

it('counts from the beginning of a run that has never had a checkpoint', async () => {
  const { read, pass } = await runningJob();
  await read();
  await pass(3);
  expect(ages).toEqual([1, 2, 3].map((minute) => minute * LIMITS.sweepIntervalMs));
});

it.each([
  [{}, LIMITS.checkpointsRetained],
  [{ retained: 1 }, 1],
])('collects all but the checkpoints that are retained: %j', async (settings, kept) => {
  const { deployed, checkpoint, read, pass } = await runningJob(settings);
  for (let n = 1; n <= LIMITS.checkpointsRetained + 1; n++) {
    await read();
    expect(await checkpoint()).toMatchObject({ kind: 'complete', n });
  }
  await pass(LIMITS.sweepsPerCollection);
  const all = await new JobTables(deployed.records).checkpoints('run-1');
  const numbers = all.filter(({ value }) => !value.discarded).map(({ value }) => value.n);
  expect(numbers).toEqual(all.map(({ value }) => value.n).slice(-kept));
});

it.each([
  [{}, LIMITS.checkpointTimeoutMs],
  [{ timeoutMs: 120_000 }, 120_000],
])(
  'aborts a checkpoint that is not complete in time, and counts it once: %j',
  async (settings, timeoutMs) => {
    const { deployed, begin, checkpoint, read, pass } = await runningJob(settings);
    await read();
    await begin();
    await pass(timeoutMs / LIMITS.sweepIntervalMs);
    expect(failed).toEqual([]);
    await pass(3);
    expect(failed).toEqual([1]);
    expect(await checkpoint()).toMatchObject({ kind: 'complete', n: 2 });
    const all = await new JobTables(deployed.records).checkpoints('run-1');
    expect(all.map(({ value }) => value.status)).toEqual(['ABORTED', 'COMPLETE']);
  },
);
