import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SwitchingCoordinator } from '../../functions/deployed-coordinator.ts';
import { answerRunRequest } from '../../functions/run-lifecycle.ts';
import { JobTables } from '../../lib/coordinator/job-tables.ts';
import { LIMITS } from '../../lib/core/limits.ts';
import { KeptRows } from '../unit/runtime/invocation/pushed-words.ts';
import { type AnsweredStack, openStack, type ResourceAnswer } from './answered-stack.ts';
import { DeployedFunctions } from './deployed-functions.ts';
import { type MappingService, mappingService } from './mapping-service.ts';
import { wordJob, words } from './word-job.ts';

const PLACE = { StackId: 'stack', LogicalResourceId: 'Run', ResourceType: 'Custom::MillraceRun' };

let lambda: MappingService;
let stack: AnsweredStack;
beforeEach(async () => {
  lambda = await mappingService(['m-1']);
  stack = await openStack();
  vi.spyOn(console, 'error').mockReturnValue();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await lambda.close();
  await stack.close();
});

/** A stack whose resource is asked for things; its job is not started yet. */
function deployedStack() {
  const rows = new KeptRows();
  const deployed = new DeployedFunctions({ job: wordJob(rows), source: 'words' });
  const { deployment, ports } = deployed;
  const coordinator: SwitchingCoordinator = {
    ...{ deployment, ports, lambda: lambda.client, mappings: ['m-1'] },
    ask: (subtask, question) => deployed.ask(subtask, question),
  };
  const ask = async (
    RequestType: 'Create' | 'Update' | 'Delete',
    RequestId: string,
    changed: Readonly<Record<string, string>> = {},
    open = () => coordinator,
    timeMs = 15 * 60_000,
  ): Promise<ResourceAnswer | undefined> => {
    const properties = {
      ...{ ServiceToken: '', job: deployment.job, code: deployment.code, removal: 'retain' },
      ...{ plan: JSON.stringify(deployed.plan), mappings: ['m-1'] },
      ...changed,
    };
    const common = {
      ...PLACE,
      ...{
        RequestId,
        ServiceToken: '',
        ResponseURL: stack.url,
        ResourceProperties: properties,
      },
    };
    const event: CloudFormationCustomResourceEvent =
      RequestType === 'Create'
        ? { ...common, RequestType }
        : RequestType === 'Delete'
          ? { ...common, RequestType, PhysicalResourceId: 'Run' }
          : { ...common, RequestType, PhysicalResourceId: 'Run', OldResourceProperties: properties };
    await answerRunRequest(open, event, { deadline: Date.now() + timeMs });
    return stack.answers.pop();
  };
  const current = async () => {
    const tables = new JobTables(ports.records);
    const run = (await tables.job(deployment.job))?.value.currentRun;
    return run === undefined ? undefined : (await tables.run({ job: deployment.job, run }))?.value;
  };
  return { rows, deployed, coordinator, ask, current };
}

const SUCCESS = { Status: 'SUCCESS', PhysicalResourceId: 'Run' };

describe('the resource of runs', () => {
  it('starts a run when it is created, once however often it is asked', async () => {
    const { ask, current } = deployedStack();
    for (let i = 0; i < 3; i++) expect(await ask('Create', 'r-1')).toMatchObject(SUCCESS);
    expect(await current()).toMatchObject({ id: 'run-r-1', status: 'RUNNING', lineage: 1 });
    expect(lambda.states.get('m-1')).toBe('Enabled');
  });

  it('goes on in a run of the new code with what was on its way, once if it is asked twice', async () => {
    const { ask, current, deployed, rows } = deployedStack();
    await ask('Create', 'r-1');
    await deployed.read('words', 0, words('a', 'b'));
    // The functions of the new code come with it.
    const renewed = { ...deployed.deployment, code: 'new' };
    deployed.renew(renewed);
    for (let i = 0; i < 2; i++) expect(await ask('Update', 'r-2', { code: 'new' })).toMatchObject(SUCCESS);
    expect(await current()).toMatchObject({ id: 'run-r-2', status: 'RUNNING', lineage: 2, code: 'new' });
    for (const i of [0, 1]) await deployed.forward('mark', i);
    expect(rows.rows).toEqual(['a', 'b']);
  });

  it('enables a mapping that the update has changed, and leaves the run as it is', async () => {
    const { ask, current } = deployedStack();
    await ask('Create', 'r-1');
    lambda.states.set('m-1', 'Disabled');
    expect(await ask('Update', 'r-2')).toMatchObject(SUCCESS);
    expect(await current()).toMatchObject({ id: 'run-r-1' });
    expect(lambda.states.get('m-1')).toBe('Enabled');
  });

  it('deleted, stops the run with a savepoint and keeps everything', async () => {
    const { ask, current, deployed } = deployedStack();
    await ask('Create', 'r-1');
    await deployed.read('words', 0, words('a'));
    for (let i = 0; i < 2; i++) expect(await ask('Delete', 'r-2')).toMatchObject(SUCCESS);
    expect(await current()).toMatchObject({ status: 'SEALED' });
    expect(lambda.states.get('m-1')).toBe('Disabled');
    const checkpoints = await new JobTables(deployed.ports.records).checkpoints('run-r-1');
    expect(checkpoints.map(({ value }) => value)).toMatchObject([{ purpose: 'stop', status: 'COMPLETE' }]);
    expect(await namesOf(deployed)).not.toEqual([]);
  });

  it('deleted with everything, stops the run and leaves no object', async () => {
    const { ask, current, deployed } = deployedStack();
    await ask('Create', 'r-1');
    await deployed.ports.objects.put('left/over', new Uint8Array(1));
    for (let i = 0; i < 2; i++) {
      expect(await ask('Delete', 'r-2', { removal: 'destroy' })).toMatchObject(SUCCESS);
    }
    expect(await current()).toMatchObject({ status: 'SEALED' });
    expect(await namesOf(deployed)).toEqual([]);
  });

  it.each(['retain', 'destroy'])(
    'deleted (%s) before there was a run, has nothing to stop',
    async (removal) => {
      const { ask, current } = deployedStack();
      expect(await ask('Delete', 'r-1', { removal })).toMatchObject(SUCCESS);
      expect(await current()).toBeUndefined();
    },
  );

  it('is deleted though a mapping is gone', async () => {
    const { ask } = deployedStack();
    await ask('Create', 'r-1');
    lambda.states.clear();
    expect(await ask('Delete', 'r-2')).toMatchObject(SUCCESS);
  });

  it('answers what went wrong, whatever it was', async () => {
    const { ask } = deployedStack();
    const unreadable = await ask('Create', 'r-1', { plan: '{' });
    expect(unreadable).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'Run' });
    const closed = await ask('Create', 'r-2', {}, () => {
      throw new Error('The environment has no MILLRACE_DEPLOYMENT.');
    });
    expect(closed).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('no MILLRACE_DEPLOYMENT'),
    });
    lambda.states.clear();
    expect(await ask('Create', 'r-3')).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('Deploy the job again'),
    });
  });
});

async function namesOf({ ports }: DeployedFunctions): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of ports.objects.list('')) names.push(name);
  return names;
}

it('answers before its time is over, also when a store does not', async () => {
  const { ask, coordinator } = deployedStack();
  const { ports } = coordinator;
  const records = { get: () => new Promise<never>(() => {}) } as unknown as typeof ports.records;
  const silent = () => ({ ...coordinator, ports: { ...ports, records } });
  const answer = await ask('Create', 'r-1', {}, silent, LIMITS.answerMarginMs + LIMITS.reportMarginMs + 50);
  expect(answer?.Status).toBe('FAILED');
  expect(answer?.Reason).toMatch(/could not be started, restored or stopped in the time/);
});
