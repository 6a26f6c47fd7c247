import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runStep } from '../../functions/coordinator-steps.ts';
import type { DeployedCoordinator } from '../../functions/deployed-coordinator.ts';
import { JobSweeper } from '../../functions/job-sweeper.ts';
import { JobTables } from '../../lib/coordinator/job-tables.ts';
import { KeptRows } from '../unit/runtime/invocation/pushed-words.ts';
import { DeployedFunctions } from './deployed-functions.ts';
import { type MappingService, mappingService } from './mapping-service.ts';
import { wordJob, words } from './word-job.ts';

// Read when the module is loaded. As in a function: metrics are lines of its log.
vi.hoisted(() => {
  process.env.AWS_EMF_ENVIRONMENT = 'Lambda';
});

const MAPPINGS = ['m-1', 'm-2'];
const RESTORE = { step: 'restore', execution: 'arn:aws:states:us-east-1:1:execution:Restore:again' } as const;

let lambda: MappingService;
beforeEach(async () => {
  lambda = await mappingService(MAPPINGS);
  for (const id of MAPPINGS) lambda.states.set(id, 'Enabled');
});
afterEach(() => lambda.close());

/** A running job that fails at the word `bad`, once. */
async function fragileJob() {
  const rows = new KeptRows();
  let mended = false;
  const job = wordJob(rows, (word) => {
    if (word === 'bad' && !mended) throw new Error('This word is bad.');
  });
  const deployed = new DeployedFunctions({ job, source: 'words' });
  await deployed.start();
  const { deployment, ports } = deployed;
  const coordinator: DeployedCoordinator = { deployment, ports, lambda: lambda.client, mappings: MAPPINGS };
  const fail = async () => {
    await deployed.read('words', 0, words('good', 'bad'));
    for (const i of [0, 1]) await deployed.forward('mark', i);
    expect(await statusOf(deployed)).toBe('FAILED');
    mended = true;
  };
  return { rows, deployed, coordinator, fail };
}

async function statusOf({ ports, deployment: { job } }: DeployedFunctions): Promise<string | undefined> {
  const tables = new JobTables(ports.records);
  const run = (await tables.job(job))?.value.currentRun ?? '';
  return (await tables.run({ job, run }))?.value.status;
}

describe('the sweeper', () => {
  it('asks nothing of mappings while the run works', async () => {
    const { coordinator } = await fragileJob();
    const sweeper = new JobSweeper(coordinator);
    for (let i = 0; i < 3; i++) await sweeper.sweep();
    expect(lambda.take()).toEqual([]);
  });

  it('disables the mappings of a run that has failed, once', async () => {
    const { coordinator, fail } = await fragileJob();
    const sweeper = new JobSweeper(coordinator);
    await fail();
    await sweeper.sweep();
    expect([...lambda.states.values()]).toEqual(['Disabled', 'Disabled']);
    lambda.take();
    for (let i = 0; i < 3; i++) await sweeper.sweep();
    expect(lambda.take()).toEqual([]);
    // Another process looks, and has nothing to change.
    await new JobSweeper(coordinator).sweep();
    expect(lambda.take()).toEqual(['GET m-1', 'GET m-2']);
  });

  it('takes a mapping that is gone for disabled', async () => {
    const { coordinator, fail } = await fragileJob();
    await fail();
    lambda.states.delete('m-1');
    await new JobSweeper(coordinator).sweep();
    expect(lambda.states.get('m-2')).toBe('Disabled');
  });

  it('disables them after a sweep in which that did not succeed', async () => {
    const { coordinator, fail } = await fragileJob();
    const sweeper = new JobSweeper(coordinator);
    await fail();
    await lambda.close();
    await expect(sweeper.sweep()).rejects.toMatchObject({ code: 'IO_FAILED' });
    lambda = await mappingService(MAPPINGS);
    for (const id of MAPPINGS) lambda.states.set(id, 'Enabled');
    await new JobSweeper({ ...coordinator, lambda: lambda.client }).sweep();
    expect([...lambda.states.values()]).toEqual(['Disabled', 'Disabled']);
  });
});

describe('a restore after a failure', () => {
  it('enables the mappings of the new run, and no sweep disables them again', async () => {
    const { rows, deployed, coordinator, fail } = await fragileJob();
    const sweeper = new JobSweeper(coordinator);
    await fail();
    await sweeper.sweep();
    expect(await runStep(coordinator, RESTORE)).toEqual({ run: 'again', status: 'RUNNING' });
    expect([...lambda.states.values()]).toEqual(['Enabled', 'Enabled']);
    for (const each of [sweeper, new JobSweeper(coordinator)]) await each.sweep();
    expect([...lambda.states.values()]).toEqual(['Enabled', 'Enabled']);
    // What was on its way to the failed run is taken over, and what follows is read.
    await deployed.read('words', 1, words('more'));
    for (const i of [0, 1]) await deployed.forward('mark', i);
    expect(rows.rows).toEqual(['bad', 'good', 'more']);
  });

  it('keeps its mappings when a sweep is disabling those of the failed run at the same time', async () => {
    const { coordinator, fail } = await fragileJob();
    await fail();
    let restored: Promise<unknown> | undefined;
    lambda.beforeChange = async () => {
      lambda.beforeChange = async () => {};
      restored = runStep(coordinator, RESTORE);
      await restored;
    };
    await new JobSweeper(coordinator).sweep();
    await restored;
    expect([...lambda.states.values()]).toEqual(['Enabled', 'Enabled']);
  });
});
