import type { Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CoordinatorEvent, runStep } from '../../functions/coordinator-steps.ts';
import type { DeployedCoordinator } from '../../functions/deployed-coordinator.ts';
import { readCheckpoint } from '../../lib/coordinator/checkpoint.ts';
import { JobTables } from '../../lib/coordinator/job-tables.ts';
import type { CheckpointSettings } from '../../lib/core/deployment.ts';
import { LIMITS } from '../../lib/core/limits.ts';
import { countsTemplate } from '../infra/job-stack.ts';
import { KeptRows } from '../unit/runtime/invocation/pushed-words.ts';
import { DeployedFunctions } from './deployed-functions.ts';
import { type MappingService, mappingService } from './mapping-service.ts';
import { definitionOf, eventsOf, execute } from './state-machine.ts';
import { wordJob, words } from './word-job.ts';

/** Of Step Functions. */
const PAYLOAD_BYTES_MAX = 256 << 10;
const EVENTS_MAX = 25_000;
const SYNTHESIS_MS = 60_000;

let template: Template;
let lambda: MappingService;
beforeAll(async () => {
  template = countsTemplate();
  lambda = await mappingService(['m-1']);
}, SYNTHESIS_MS);
afterAll(() => lambda.close());

async function runningJob(parallelism?: number, settings: CheckpointSettings = {}) {
  const rows = new KeptRows();
  const deployed = new DeployedFunctions({
    job: wordJob(rows),
    source: 'words',
    ...(parallelism === undefined ? {} : { parallelism }),
  });
  await deployed.start();
  await deployed.read('words', 0, words('a', 'b', 'c'));
  const { ports } = deployed;
  const deployment = { ...deployed.deployment, checkpoints: settings };
  const coordinator: DeployedCoordinator = {
    ...{ deployment, ports, lambda: lambda.client, mappings: ['m-1'] },
  };
  /** The payload is what the machine makes: only a step that knows it does anything. */
  const call = (payload: unknown) => runStep(coordinator, payload as CoordinatorEvent);
  const run = (machine: string, { id = 'e:1', input = {}, before = async (_: string) => {} } = {}) =>
    execute(definitionOf(template, machine), { id, input, call, before });
  const checkpoints = async (name = 'run-1') =>
    (await new JobTables(ports.records).checkpoints(name)).map(({ value }) => value);
  return { rows, deployed, call, run, checkpoints };
}

describe('the machine of checkpoints', () => {
  it('completes a checkpoint, and skips the next of a job that has not moved', async () => {
    const { run, checkpoints } = await runningJob();
    const first = await run('Checkpoint');
    expect(first).toMatchObject({ status: 'SUCCEEDED', output: { kind: 'complete', n: 1 } });
    const second = await run('Checkpoint', { id: 'e:2' });
    expect(second).toMatchObject({ status: 'SUCCEEDED', output: { kind: 'skipped' } });
    expect(second.states).toEqual(['Create', 'IsCreated', 'Done']);
    expect(await checkpoints()).toMatchObject([{ n: 1, status: 'COMPLETE' }]);
  });

  it('keeps a savepoint of a job that has not moved', async () => {
    const { run, checkpoints } = await runningJob();
    await run('Checkpoint');
    expect(await run('Savepoint', { id: 'e:2' })).toMatchObject({ output: { kind: 'complete', n: 2 } });
    expect(await checkpoints()).toMatchObject([{ purpose: 'checkpoint' }, { purpose: 'savepoint' }]);
  });

  it('skips a checkpoint that comes too early, and not a savepoint', async () => {
    const { run, deployed, checkpoints } = await runningJob(undefined, { minPauseMs: 3_600_000 });
    expect(await run('Checkpoint')).toMatchObject({ output: { kind: 'complete', n: 1 } });
    await deployed.read('words', 0, words('d'));
    const early = await run('Checkpoint', { id: 'e:2' });
    expect(early).toMatchObject({ status: 'SUCCEEDED', output: { kind: 'skipped' } });
    expect(await run('Savepoint', { id: 'e:3' })).toMatchObject({ output: { kind: 'complete', n: 2 } });
    expect(await checkpoints()).toHaveLength(2);
  });

  const STATES = ['Create', 'IsCreated', 'NoteBases', 'AppendEpochs', 'Conclude', 'IsComplete'] as const;

  it.each(STATES)('started twice, the second while the first is before %s, harms nothing', async (state) => {
    const { run, checkpoints, deployed } = await runningJob();
    let second: Awaited<ReturnType<typeof run>> | undefined;
    const first = await run('Checkpoint', {
      before: async (name) => {
        if (name === state) second ??= await run('Checkpoint', { id: 'e:2' });
      },
    });
    expect([first.status, second?.status]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    const decided = await checkpoints();
    const last = decided.findLast(({ status }) => status === 'COMPLETE');
    expect(decided.map(({ status }) => status)).not.toContain('PENDING');
    const { subtasks } = await readCheckpoint(deployed.ports, last?.manifest ?? '');
    expect(Object.keys(subtasks)).toHaveLength(4);
  });

  it('run by two executions at once leaves no checkpoint undecided', async () => {
    const { run, checkpoints } = await runningJob();
    const ends = await Promise.all(['e:1', 'e:2'].map((id) => run('Checkpoint', { id })));
    expect(ends.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    const decided = (await checkpoints()).map(({ status }) => status);
    expect(decided).toContain('COMPLETE');
    expect(decided).not.toContain('PENDING');
  });

  it('run twice under one execution takes one checkpoint', async () => {
    const { run, checkpoints } = await runningJob();
    const ends = await Promise.all([run('Checkpoint'), run('Checkpoint')]);
    const [first] = ends.map(({ output }) => output);
    expect(first).toMatchObject({ kind: 'complete', n: 1 });
    expect(ends.map(({ output }) => output)).toEqual([first, first]);
    expect(await checkpoints()).toMatchObject([{ n: 1, status: 'COMPLETE' }]);
  });

  it('aborts the checkpoint whose steps fail, and the next one completes', async () => {
    const { run, checkpoints, call } = await runningJob();
    const failing = async (payload: Readonly<Record<string, unknown>>) => {
      if (payload.step === 'conclude-checkpoint') throw new Error('The function timed out.');
      return call(payload);
    };
    const definition = definitionOf(template, 'Checkpoint');
    const failed = await execute(definition, { id: 'e:1', input: {}, call: failing });
    expect(failed).toMatchObject({ status: 'FAILED', error: 'CheckpointAborted' });
    expect(await run('Checkpoint', { id: 'e:2' })).toMatchObject({ output: { kind: 'complete', n: 2 } });
    expect(await checkpoints()).toMatchObject([{ status: 'ABORTED' }, { status: 'COMPLETE' }]);
  });
});

describe('the machines of stops and restores', () => {
  it('stop with a savepoint, and go on from there with what was on its way', async () => {
    const { run, rows, deployed } = await runningJob();
    lambda.states.set('m-1', 'Enabled');
    const stopped = await run('Stop');
    expect(stopped).toMatchObject({ status: 'SUCCEEDED', output: { run: 'run-1' } });
    expect(lambda.states.get('m-1')).toBe('Disabled');
    const restored = await run('Restore', { id: 'e:run-2' });
    expect(restored).toMatchObject({ status: 'SUCCEEDED', output: { run: 'run-2', status: 'RUNNING' } });
    expect(lambda.states.get('m-1')).toBe('Enabled');
    for (const i of [0, 1]) await deployed.forward('mark', i);
    expect(rows.rows).toEqual(['a', 'b', 'c']);
  });

  it('restore from the checkpoint that is named', async () => {
    const { run, rows, checkpoints, deployed } = await runningJob();
    await run('Checkpoint');
    const [checkpoint] = await checkpoints();
    const input = { from: checkpoint?.manifest };
    const running = await run('Restore', { id: 'e:run-2', input });
    expect(running).toMatchObject({ status: 'FAILED', error: expect.stringContaining('Stop it first') });
    await run('Stop', { id: 'e:2', input: { mode: 'plain' } });
    expect(await run('Restore', { id: 'e:run-3', input })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await run('Restore', { id: 'e:run-3', input })).toMatchObject({ status: 'SUCCEEDED' });
    for (const i of [0, 1]) await deployed.forward('mark', i);
    expect(rows.rows).toEqual(['a', 'b', 'c']);
  });

  it('refuse a checkpoint behind which records were consumed: no mapping delivers them again', async () => {
    const { run, rows, checkpoints, deployed } = await runningJob();
    await run('Checkpoint');
    const [checkpoint] = await checkpoints();
    await deployed.read('words', 0, words('d'));
    await run('Stop', { id: 'e:2' });
    const refused = await run('Restore', { id: 'e:run-2', input: { from: checkpoint?.manifest } });
    expect(refused).toMatchObject({ status: 'FAILED', error: expect.stringContaining('would be lost') });
    expect(await run('Restore', { id: 'e:run-3' })).toMatchObject({ status: 'SUCCEEDED' });
    for (const i of [0, 1]) await deployed.forward('mark', i);
    expect(rows.rows).toEqual(['a', 'b', 'c', 'd']);
  });

  it('stop plainly, and refuse a mode that is none', async () => {
    const { run } = await runningJob();
    expect(await run('Stop', { input: { mode: 'plain' } })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await run('Stop', { input: { mode: 'soon' } })).toMatchObject({ error: 'UnknownMode' });
  });

  it('stop with a drain when everything that was read is through', async () => {
    const { run, rows, deployed } = await runningJob();
    const end = await run('Stop', {
      input: { mode: 'drain' },
      before: async (state) => {
        if (state === 'Look') for (const i of [0, 1]) await deployed.forward('mark', i);
      },
    });
    expect(end).toMatchObject({ status: 'SUCCEEDED' });
    expect(end.states.filter((state) => state === 'Look').length).toBeLessThan(5);
    expect(rows.rows).toEqual(['a', 'b', 'c']);
  });

  it('started twice at once, one restore gets the job and the other ends without harm', async () => {
    const { run, deployed } = await runningJob();
    const ends = await Promise.all(['e:run-2', 'e:run-3'].map((id) => run('Restore', { id })));
    const won = ends.filter(({ status }) => status === 'SUCCEEDED');
    expect(won).toHaveLength(1);
    const job = await new JobTables(deployed.ports.records).job('words');
    expect(won[0]?.output).toMatchObject({ run: job?.value.currentRun, status: 'RUNNING' });
  });
});

describe('the limits of Step Functions', () => {
  it('are far away for a checkpoint of vertices with 256 subtasks each', async () => {
    const { run } = await runningJob(LIMITS.deployedParallelismMax);
    const end = await run('Checkpoint');
    expect(end.output).toMatchObject({ kind: 'complete' });
    expect(end.bytesMax).toBeLessThan(PAYLOAD_BYTES_MAX / 100);
    expect(eventsOf(definitionOf(template, 'Checkpoint'), end.states)).toBeLessThan(EVENTS_MAX / 100);
  });

  it('are not reached by a drain that takes as long as it may', () => {
    const definition = definitionOf(template, 'Stop');
    const { TimeoutSeconds, States } = definition;
    const pause = States.WaitForDrain?.Seconds ?? 0;
    expect(TimeoutSeconds).toBe(6 * 60 * 60);
    const rounds = Math.ceil((TimeoutSeconds ?? 0) / pause);
    const round = eventsOf(definition, ['WaitForDrain', 'Look', 'IsDrained']);
    // A look that is retried makes its round longer: more events a round, fewer rounds.
    const retries = eventsOf(definition, ['Look']) - eventsOf({ ...definition, States: {} }, ['Look']);
    expect(rounds * (round - retries)).toBeLessThan(EVENTS_MAX);
  });
});
