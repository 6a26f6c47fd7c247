import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { takeCheckpoint } from '../../../lib/coordinator/checkpoint.ts';
import { JobTables } from '../../../lib/coordinator/job-tables.ts';
import { findHead } from '../../../lib/coordinator/log-head.ts';
import {
  prepareRestore,
  type RestoreRequest,
  restoreJob,
  startJob,
  writeAllGenesis,
} from '../../../lib/coordinator/restore.ts';
import { type RunPlan, subtasksOf } from '../../../lib/coordinator/run-plan.ts';
import { takeSavepoint } from '../../../lib/coordinator/savepoint.ts';
import { readSubtask } from '../../../lib/coordinator/subtask-reader.ts';
import { DEAD_LETTERS } from '../../../lib/core/log/entry-payload.ts';
import { dieEverywhere } from './dying-ports.ts';
import {
  commit,
  consume,
  consumeInbox,
  createWorld,
  JOB,
  ownerOf,
  planOf,
  produce,
  RUN,
  seen,
  seenIds,
  type World,
} from './pipeline-fixture.ts';

const KEY = { job: JOB, run: RUN };
const NEW = 'run-2';

function request(plan: RunPlan, more: Partial<RestoreRequest> = {}): RestoreRequest {
  return { job: JOB, run: NEW, plan, code: 'new', from: undefined, allowNonRestoredState: false, ...more };
}

async function withTraffic(): Promise<World> {
  const world = createWorld();
  world.onInvoke = (subtask) => consumeInbox(world, subtask);
  await startJob(world, { ...KEY, plan: planOf(2, 2), code: 'code' });
  await produce(world, 0, { ids: [1, 2, 3, 4, 5] });
  await produce(world, 1, { ids: [11, 12, 13] });
  await consume(world, 0, { from: 0 });
  await produce(world, 0, { ids: [6, 7, 8, 9] });
  return world;
}

const ALL = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13];

/** Ids by counter of a run; throws if one is not with its owner. */
async function countedIn(world: World, run: string, counters: number): Promise<readonly number[]> {
  const ids: number[] = [];
  for (let subtask = 0; subtask < counters; subtask++) {
    const own = await seenIds(world, { run, vertex: 'count', subtask });
    for (const id of own) expect(ownerOf(id, counters)).toBe(subtask);
    ids.push(...own);
  }
  return ids.sort((a, b) => a - b);
}

describe('restoreJob', () => {
  it.each([1, 2, 3, 5])('takes over state and records in flight with %i counters', async (counters) => {
    const world = await withTraffic();
    const run = await restoreJob(world, request(planOf(2, counters)));
    expect(run).toMatchObject({ id: NEW, lineage: 2, status: 'RUNNING', code: 'new' });
    expect(await countedIn(world, NEW, counters)).toEqual(ALL);
    for (const subtask of subtasksOf(planOf(2, counters), NEW)) {
      const { item } = await findHead(world.log, subtask);
      expect(item).toMatchObject({ inboxPending: false });
    }
  });

  it('starts at a checkpoint when it is told to', async () => {
    const world = await withTraffic();
    const outcome = await takeCheckpoint(world, { ...KEY, execution: 'a' });
    if (outcome.kind !== 'complete') throw new Error(outcome.kind);
    await produce(world, 0, { ids: [20, 21] });
    await consume(world, 1, { from: 0, frames: 9 });
    await restoreJob(world, request(planOf(2, 3), { from: outcome.manifest }));
    expect(await countedIn(world, NEW, 3)).toEqual(ALL);
    const source = await readSubtask(world, { run: NEW, vertex: 'read', subtask: 0 });
    expect(source.fold.toRecords().positions).toEqual({ 'shard-0': '9' });
  });

  it('I13: seals the old run', async () => {
    const world = await withTraffic();
    await restoreJob(world, request(planOf(2, 2)));
    for (const subtask of subtasksOf(planOf(2, 2), RUN)) {
      const { item } = await findHead(world.log, subtask);
      expect(item).toMatchObject({ kind: 'seal', seal: 'savepoint' });
    }
    const runs = (await new JobTables(world.records).runs(JOB)).map(({ value }) => [value.id, value.status]);
    expect(runs).toEqual([
      [RUN, 'SEALED'],
      [NEW, 'RUNNING'],
    ]);
  });

  it('gives every shard to one source subtask', async () => {
    const world = await withTraffic();
    await restoreJob(world, request(planOf(1, 2)));
    const { fold } = await readSubtask(world, { run: NEW, vertex: 'read', subtask: 0 });
    expect(fold.toRecords().positions).toEqual({ 'shard-0': '9', 'shard-1': '13' });
    const ownerOfShard = () => 1;
    await restoreJob(world, request(planOf(3, 2), { run: 'run-3', ownerOfShard }));
    const owner = await readSubtask(world, { run: 'run-3', vertex: 'read', subtask: 1 });
    expect(owner.fold.toRecords().positions).toEqual({ 'shard-0': '9', 'shard-1': '13' });
  });

  it('I16: attaches intents that were not performed, unchanged, to one subtask', async () => {
    const world = await withTraffic();
    const intents = ['x', 'y'].map((id) => ({ operator: 'out', id, committable: { file: id } }));
    const counter = { run: RUN, vertex: 'count', subtask: 1 };
    await commit(world, counter, { payload: { intents } });
    await commit(world, counter, { payload: { performed: ['x'] } });
    await restoreJob(world, request(planOf(2, 1)));
    const { fold } = await readSubtask(world, { run: NEW, vertex: 'count', subtask: 0 });
    expect([...fold.intents.values()]).toEqual([intents[1]]);
  });

  it('I16: takes over dead letters that were not written, once, also of a vertex that is gone', async () => {
    const world = await withTraffic();
    const letter = (id: string) => ({ operator: DEAD_LETTERS, id, committable: id });
    await commit(world, { run: RUN, vertex: 'read', subtask: 1 }, { payload: { intents: [letter('a')] } });
    await commit(world, { run: RUN, vertex: 'count', subtask: 1 }, { payload: { intents: [letter('b')] } });
    await restoreJob(world, request(planOf(2, 3)));
    const letters: (readonly [string, string])[] = [];
    for (const subtask of subtasksOf(planOf(2, 3), NEW)) {
      const { fold } = await readSubtask(world, subtask);
      for (const id of fold.intents.keys()) letters.push([subtask.vertex, id]);
    }
    expect(letters).toEqual([
      ['read', 'a'],
      ['count', 'b'],
    ]);
  });

  it('takes over what an inbox still held', async () => {
    const world = await withTraffic();
    world.onInvoke = async () => {};
    await writeAllGenesisOf(world, request(planOf(2, 3)));
    await consumeInbox(world, { run: NEW, vertex: 'count', subtask: 0 });
    world.onInvoke = (subtask) => consumeInbox(world, subtask);
    await restoreJob(world, request(planOf(2, 2), { run: 'run-3' }));
    expect(await countedIn(world, 'run-3', 2)).toEqual(ALL);
    expect((await new JobTables(world.records).job(JOB))?.value).toEqual({ lineage: 3, currentRun: 'run-3' });
  });

  it('starts where a restore wanted to start that was given up before its genesis was written', async () => {
    const world = await withTraffic();
    await prepareRestore(world, request(planOf(2, 3)));
    await restoreJob(world, request(planOf(2, 2), { run: 'run-3' }));
    expect(await countedIn(world, 'run-3', 2)).toEqual(ALL);
    await expect(writeAllGenesis(world, request(planOf(2, 3)))).rejects.toMatchObject({ code: 'RUN_FENCED' });
    await expect(restoreJob(world, request(planOf(2, 3)))).rejects.toMatchObject({ code: 'RUN_FENCED' });
  });

  it('lets one of two restores go on', async () => {
    const world = await withTraffic();
    const both = await Promise.allSettled([
      restoreJob(world, request(planOf(2, 2), { run: 'run-a' })),
      restoreJob(world, request(planOf(2, 3), { run: 'run-b' })),
    ]);
    const won = both.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const lost = both.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : []));
    expect(won).toHaveLength(1);
    expect(lost).toMatchObject([{ code: 'RUN_FENCED' }]);
    const job = (await new JobTables(world.records).job(JOB))?.value;
    expect(job).toEqual({ lineage: 2, currentRun: won[0]!.id });
    const counters = won[0]!.plan.vertices[1]!.parallelism;
    expect(await countedIn(world, won[0]!.id, counters)).toEqual(ALL);
  });

  it('I13: stops no later run when it is repeated late', async () => {
    const world = await withTraffic();
    await restoreJob(world, request(planOf(2, 2)));
    await restoreJob(world, request(planOf(2, 3), { run: 'run-3' }));
    // What a repetition knew that began before the first attempt had created the run.
    for (const repeated of [NEW, 'run-3']) {
      await restoreJob(lateReader(world, repeated), request(planOf(2, 2), { run: repeated })).catch(() => {});
      expect((await new JobTables(world.records).run({ job: JOB, run: 'run-3' }))?.value.status).toBe(
        'RUNNING',
      );
    }
    const { item } = await findHead(world.log, { run: 'run-3', vertex: 'read', subtask: 0 });
    expect(item?.kind).not.toBe('seal');
    expect(await countedIn(world, 'run-3', 3)).toEqual(ALL);
  });

  it('is repeated under an id that has lost without stopping the winner', async () => {
    const world = await withTraffic();
    await prepareRestore(world, request(planOf(2, 2), { run: 'loser' }));
    await restoreJob(world, request(planOf(2, 2), { run: 'winner' }));
    await expect(restoreJob(world, request(planOf(2, 2), { run: 'loser' }))).rejects.toMatchObject({
      code: 'RUN_FENCED',
    });
    const statuses = (await new JobTables(world.records).runs(JOB)).map(({ value }) => value.status);
    expect(statuses).toEqual(['ABANDONED', 'SEALED', 'RUNNING']);
  });

  it('takes a run that had finished for finished', async () => {
    const world = await withTraffic();
    for (const subtask of subtasksOf(planOf(2, 2), RUN)) {
      await commit(world, subtask, { payload: {}, item: { kind: 'seal', seal: 'finished' } });
    }
    await takeSavepoint(world, { ...KEY, execution: 's' });
    expect((await new JobTables(world.records).run(KEY))?.value.status).toBe('FINISHED');
  });

  it('I13: goes by what its first attempt was asked for', async () => {
    const world = await withTraffic();
    await prepareRestore(world, request(planOf(2, 1)));
    for (const other of [request(planOf(2, 4)), request(planOf(2, 1), { code: 'newer' })]) {
      await expect(restoreJob(world, other)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' });
    }
    await restoreJob(world, request(planOf(2, 1)));
    expect(await countedIn(world, NEW, 1)).toEqual(ALL);
  });

  it('I16: leaves the job with its run if a sink that is gone commits output before the seal', async () => {
    const world = await withTraffic();
    const counter = { run: RUN, vertex: 'count', subtask: 1 };
    const plan: RunPlan = JSON.parse(JSON.stringify(planOf(2, 2)).replaceAll('"out"', '"write"'));
    const intents = [{ operator: 'out', id: 'late', committable: 1 }];
    const busy = beforeFirstSeal(world, () => commit(world, counter, { payload: { intents } }));
    await expect(restoreJob(busy, request(plan))).rejects.toMatchObject({ code: 'STATE_NOT_RESTORED' });
    const tables = new JobTables(world.records);
    expect((await tables.job(JOB))?.value.currentRun).toBe(RUN);
    await restoreJob(world, request(planOf(2, 2), { run: 'run-3' }));
    const { fold } = await readSubtask(world, { run: 'run-3', vertex: 'count', subtask: 1 });
    expect([...fold.intents.keys()]).toEqual(['late']);
  });

  it('reports subtasks that never consume their inbox', async () => {
    const world = await withTraffic();
    world.onInvoke = async () => {};
    await expect(restoreJob(world, request(planOf(2, 2)))).rejects.toMatchObject({ code: 'IO_FAILED' });
    world.onInvoke = (subtask) => consumeInbox(world, subtask);
    expect(await restoreJob(world, request(planOf(2, 2)))).toMatchObject({ status: 'RUNNING' });
  });

  it('gives the same result when it dies at any call and is repeated', async () => {
    const deaths = await dieEverywhere({
      prepare: withTraffic,
      step: (ports) => restoreJob(ports, request(planOf(2, 3))),
      check: async (world, death) => {
        expect(await countedIn(world, NEW, 3), death).toEqual(ALL);
        const tables = new JobTables(world.records);
        expect((await tables.job(JOB))?.value, death).toEqual({ lineage: 2, currentRun: NEW });
        expect((await tables.run({ job: JOB, run: NEW }))?.value.status, death).toBe('RUNNING');
      },
    });
    expect(deaths).toBeGreaterThan(100);
  });

  it('puts every record in one place after any history and any two rescales', async () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('produce' as const),
        at: fc.nat(1),
        count: fc.integer({ min: 1, max: 6 }),
      }),
      fc.record({ kind: fc.constant('consume' as const), at: fc.nat(1), from: fc.nat(1) }),
    );
    const parallelism = fc.integer({ min: 1, max: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), parallelism, parallelism, async (steps, a, b) => {
        const world = createWorld();
        await startJob(world, { ...KEY, plan: planOf(2, 2), code: 'code' });
        let next = 0;
        for (const action of steps) {
          if (action.kind === 'consume') await consume(world, action.at, action);
          else await produce(world, action.at, { ids: Array.from({ length: action.count }, () => next++) });
        }
        await writeAllGenesisOf(world, request(planOf(2, a)));
        await consumeInbox(world, { run: NEW, vertex: 'count', subtask: 0 });
        world.onInvoke = (subtask) => consumeInbox(world, subtask);
        await restoreJob(world, request(planOf(2, b), { run: 'run-3' }));
        expect(await countedIn(world, 'run-3', b)).toEqual(Array.from({ length: next }, (_, id) => id));
      }),
      { numRuns: 40 },
    );
  });
});

describe('what a restore refuses, before anything is sealed', () => {
  async function refused(world: World, asked: RestoreRequest, code: string): Promise<void> {
    await expect(restoreJob(world, asked)).rejects.toMatchObject({ code });
    const { item } = await findHead(world.log, { run: RUN, vertex: 'read', subtask: 0 });
    expect(item?.kind).toBe('data');
  }

  function renamed(plan: RunPlan, from: string, to: string): RunPlan {
    return JSON.parse(JSON.stringify(plan).replaceAll(`"${from}"`, `"${to}"`));
  }

  it('is state of an operator that the new plan lacks', async () => {
    const world = await withTraffic();
    await refused(world, request(renamed(planOf(2, 2), 'count', 'tally')), 'STATE_NOT_RESTORED');
    await refused(world, request(renamed(planOf(2, 2), 'read', 'fetch')), 'STATE_NOT_RESTORED');
  });

  it('I16: is output of a sink that is gone and has not published it', async () => {
    const world = await withTraffic();
    const counter = { run: RUN, vertex: 'count', subtask: 1 };
    await commit(world, counter, { payload: { intents: [{ operator: 'out', id: 'x', committable: 1 }] } });
    const plan = renamed(planOf(2, 2), 'out', 'write');
    await refused(world, request(plan, { allowNonRestoredState: true }), 'STATE_NOT_RESTORED');
    await commit(world, counter, { payload: { performed: ['x'] } });
    expect(await restoreJob(world, request(plan))).toMatchObject({ status: 'RUNNING' });
  });

  it('is dropped when it may be', async () => {
    const world = await withTraffic();
    const plan = renamed(planOf(2, 2), 'count', 'tally');
    await restoreJob(world, request(plan, { allowNonRestoredState: true }));
    const { fold } = await readSubtask(world, { run: NEW, vertex: 'tally', subtask: 0 });
    expect(fold.state.deltas()).toEqual([]);
  });

  it('is a plan without a place for what may be in flight, wherever the frames are then', async () => {
    const world = await withTraffic();
    const [read, count] = planOf(2, 2).vertices;
    const operators = [...read!.operators, ...count!.operators];
    const chained: RunPlan = { vertices: [{ ...read!, operators }], edges: [] };
    await refused(world, request(chained), 'STATE_INCOMPATIBLE');
    const outcome = await takeCheckpoint(world, { ...KEY, execution: 'a' });
    if (outcome.kind !== 'complete') throw new Error(outcome.kind);
    await expect(restoreJob(world, request(chained, { from: outcome.manifest }))).rejects.toMatchObject({
      code: 'STATE_INCOMPATIBLE',
      context: { operatorUid: 'count' },
    });
    const { item } = await findHead(world.log, { run: RUN, vertex: 'count', subtask: 0 });
    expect(item?.kind).not.toBe('seal');
  });

  it('is not a changed chain of a job that has stopped with nothing in flight', async () => {
    const world = createWorld();
    await startJob(world, { ...KEY, plan: planOf(1, 1), code: 'code' });
    await produce(world, 0, { ids: [1, 2], counters: 1 });
    await consume(world, 0, { from: 0 });
    await takeSavepoint(world, { ...KEY, execution: 's' });
    const [read, count] = planOf(1, 1).vertices;
    const operators = [...read!.operators, ...count!.operators];
    const chained: RunPlan = { vertices: [{ ...read!, operators }], edges: [] };
    expect(await restoreJob(world, request(chained))).toMatchObject({ status: 'RUNNING' });
  });

  it('is not a changed chain once everything is processed', async () => {
    const world = createWorld();
    await startJob(world, { ...KEY, plan: planOf(1, 1), code: 'code' });
    await produce(world, 0, { ids: [1, 2], counters: 1 });
    await consume(world, 0, { from: 0 });
    for (const subtask of subtasksOf(planOf(1, 1), RUN)) {
      await commit(world, subtask, { payload: {}, item: { kind: 'seal', seal: 'finished' } });
    }
    const [read, count] = planOf(1, 1).vertices;
    const operators = [...read!.operators, ...count!.operators];
    const chained: RunPlan = { vertices: [{ ...read!, operators }], edges: [] };
    await takeSavepoint(world, { ...KEY, execution: 's' });
    expect(await restoreJob(world, request(chained))).toMatchObject({ status: 'RUNNING' });
    const { fold } = await readSubtask(world, { run: NEW, vertex: 'read', subtask: 0 });
    expect(fold.toRecords().positions).toEqual({ 'shard-0': '2' });
    expect(await seenIds(world, { run: NEW, vertex: 'read', subtask: 0 })).toEqual([1, 2]);
  });

  it('is another number of key groups', async () => {
    const world = await withTraffic();
    const [read, count] = planOf(2, 2).vertices;
    const plan = { ...planOf(2, 2), vertices: [read!, { ...count!, maxParallelism: 32 }] };
    await refused(world, request(plan), 'STATE_INCOMPATIBLE');
  });

  it('is a checkpoint that was given up, and a job that does not exist', async () => {
    const world = await withTraffic();
    const outcome = await takeCheckpoint(world, { ...KEY, execution: 'a' });
    if (outcome.kind !== 'complete') throw new Error(outcome.kind);
    const tables = new JobTables(world.records);
    const checkpoint = (await tables.checkpoint(RUN, 1))!;
    await tables.update(checkpoint, { ...checkpoint.value, discarded: true });
    const refusal = restoreJob(world, request(planOf(2, 2), { from: outcome.manifest }));
    await expect(refusal).rejects.toMatchObject({ code: 'CHECKPOINT_UNUSABLE' });
    const { item } = await findHead(world.log, { run: RUN, vertex: 'read', subtask: 0 });
    expect(item?.kind).not.toBe('seal');
    const again = restoreJob(world, request(planOf(2, 2), { from: outcome.manifest }));
    await expect(again).rejects.toMatchObject({ code: 'RUN_FENCED' });
    expect((await tables.job(JOB))?.value.currentRun).toBe(RUN);
    await expect(restoreJob(createWorld(), request(planOf(2, 2)))).rejects.toMatchObject({
      code: 'CHECKPOINT_UNUSABLE',
    });
  });
});

describe('startJob', () => {
  it('starts a job once', async () => {
    const world = createWorld();
    const plan = planOf(1, 1);
    await startJob(world, { ...KEY, plan, code: 'code' });
    expect(await startJob(world, { ...KEY, plan, code: 'code' })).toMatchObject({ status: 'RUNNING' });
    await expect(startJob(world, { job: JOB, run: 'other', plan, code: 'code' })).rejects.toMatchObject({
      code: 'RUN_FENCED',
    });
  });
});

describe('takeSavepoint', () => {
  it('gives the same result when it dies at any call and is repeated', async () => {
    const deaths = await dieEverywhere({
      prepare: withTraffic,
      step: (ports) => takeSavepoint(ports, { ...KEY, execution: 's' }),
      check: async (world, death) => {
        const checkpoints = await new JobTables(world.records).checkpoints(RUN);
        expect(
          checkpoints.map(({ value }) => value.status),
          death,
        ).toEqual(['COMPLETE']);
        await restoreJob(world, request(planOf(2, 1)));
        expect(await countedIn(world, NEW, 1), death).toEqual(ALL);
      },
    });
    expect(deaths).toBeGreaterThan(40);
  });

  it('I3: seals an idle subtask whose ring is full', async () => {
    const world = createWorld(4);
    await startJob(world, { ...KEY, plan: planOf(1, 1), code: 'code' });
    const counter = { run: RUN, vertex: 'count', subtask: 0 };
    for (let i = 0; i < 4; i++) {
      const { fold } = await readSubtask(world, counter);
      await commit(world, counter, { payload: { operators: [seen([i], fold)] } });
    }
    await takeSavepoint(world, { ...KEY, execution: 's' });
    const { item } = await findHead(world.log, counter);
    expect(item).toMatchObject({ version: 5, kind: 'seal' });
    expect(await seenIds(world, counter)).toEqual([0, 1, 2, 3]);
  });
});

/** Ports with which something happens right before the first seal is appended. */
function beforeFirstSeal(world: World, happen: () => Promise<void>): World {
  let open = true;
  const log = new Proxy(world.log, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== 'append') return value.bind(target);
      return async (...asked: Parameters<World['log']['append']>) => {
        if (open && asked[1].kind === 'seal') {
          open = false;
          await happen();
        }
        return world.log.append(...asked);
      };
    },
  });
  return { ...world, log };
}

/** Ports that do not see the record of this run when they look for it first. */
function lateReader(world: World, run: string): World {
  let late = true;
  const records = new Proxy(world.records, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== 'get') return value.bind(target);
      return async (key: string) => {
        if (!late || !key.endsWith(`/${run}`)) return world.records.get(key);
        late = false;
        return undefined;
      };
    },
  });
  return { ...world, records };
}

/** A restore that ends when all genesis items are written. */
async function writeAllGenesisOf(world: World, restore: RestoreRequest): Promise<void> {
  await prepareRestore(world, restore);
  await writeAllGenesis(world, restore);
}
