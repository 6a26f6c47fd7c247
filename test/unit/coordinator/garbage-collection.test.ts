import { describe, expect, it } from 'vitest';
import {
  appendEpoch,
  concludeCheckpoint,
  createCheckpoint,
  noteBases,
  readCheckpoint,
  takeCheckpoint,
} from '../../../lib/coordinator/checkpoint.ts';
import { compactSubtask } from '../../../lib/coordinator/compaction.ts';
import { readCut, readInFlight } from '../../../lib/coordinator/cut-reader.ts';
import { collectGarbage, expiredCheckpoints, isOver } from '../../../lib/coordinator/garbage-collection.ts';
import { type CheckpointState, JobTables, type RunState } from '../../../lib/coordinator/job-tables.ts';
import { frameHorizons } from '../../../lib/coordinator/reachability.ts';
import { restoreJob, startJob } from '../../../lib/coordinator/restore.ts';
import { subtaskName, subtasksOf } from '../../../lib/coordinator/run-plan.ts';
import { sealRun } from '../../../lib/coordinator/savepoint.ts';
import { readSubtask } from '../../../lib/coordinator/subtask-reader.ts';
import { LIMITS } from '../../../lib/core/limits.ts';
import { dieEverywhere } from './dying-ports.ts';
import {
  commit,
  consume,
  consumeInbox,
  createWorld,
  JOB,
  planOf,
  produce,
  RUN,
  seenIds,
  type World,
} from './pipeline-fixture.ts';

const KEY = { job: JOB, run: RUN };
const SUBTASKS = subtasksOf(planOf(2, 2), RUN);

/** Five checkpoints, a compaction behind each, and orphans; everything older than the limit but the last. */
async function withHistory(): Promise<World> {
  const world = createWorld();
  world.onInvoke = (subtask) => consumeInbox(world, subtask);
  await startJob(world, { ...KEY, plan: planOf(2, 2), code: 'code' });
  for (let round = 0; round < 5; round++) {
    await produce(world, 0, { ids: [round * 10, round * 10 + 1, round * 10 + 2] });
    await consume(world, 0, { from: 0 });
    await consume(world, 1, { from: 0, frames: round === 3 ? 0 : 2 });
    await world.objects.put(`spill/${RUN}/read/0/2-orphan${round}`, new Uint8Array(1));
    await world.objects.put(`chunk/${RUN}/read/0/2-orphan${round}-0`, new Uint8Array(1));
    await takeCheckpoint(world, { ...KEY, execution: `c${round}`, always: true });
    for (const subtask of SUBTASKS) await compactSubtask(world, subtask);
  }
  world.advance(LIMITS.garbageAgeMs + 1);
  return world;
}

async function namesIn(world: World, prefix = ''): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of world.objects.list(prefix)) names.push(name);
  return names;
}

/** Everything that may be read can be read. */
async function readEverything(world: World): Promise<void> {
  for (const subtask of SUBTASKS) {
    const { base } = await readSubtask(world, subtask);
    const names = new Set(await namesIn(world));
    for (const { name } of base?.manifest.segments ?? []) expect(names).toContain(name);
  }
  for (const { value } of await new JobTables(world.records).checkpoints(RUN)) {
    if (value.status !== 'COMPLETE' || value.discarded) continue;
    const manifest = await readCheckpoint(world, value.manifest!);
    for (const subtask of SUBTASKS) await readCut(world, manifest.subtasks[subtaskName(subtask)]!);
    await readInFlight(world, manifest);
  }
}

describe('collectGarbage', () => {
  it('A12: deletes old bases, orphans and expired checkpoints, and nothing that is referenced', async () => {
    const world = await withHistory();
    const before = await namesIn(world);
    const report = await collectGarbage(world, { job: JOB });
    const after = await namesIn(world);
    expect(before.length - after.length).toBe(report.deletedObjects);
    expect(report.deletedObjects).toBeGreaterThan(10);
    expect(after.filter((name) => name.includes('orphan') && name.startsWith('chunk'))).toEqual([]);
    expect(await namesIn(world, 'checkpoint/')).toHaveLength(LIMITS.checkpointsRetained);
    await readEverything(world);
    expect(await collectGarbage(world, { job: JOB })).toMatchObject({ deletedObjects: 0 });
  });

  it('leaves alone what is young', async () => {
    const world = await withHistory();
    await world.objects.put(`chunk/${RUN}/read/0/9-young-0`, new Uint8Array(1));
    await collectGarbage(world, { job: JOB });
    expect(await namesIn(world, `chunk/${RUN}/read/0/9-young`)).toHaveLength(1);
  });

  it('gives the same result when it dies at any call and is repeated', async () => {
    const reference = await withHistory();
    await collectGarbage(reference, { job: JOB });
    const expected = await namesIn(reference);
    const deaths = await dieEverywhere({
      prepare: withHistory,
      step: (ports) => collectGarbage(ports, { job: JOB }),
      check: async (world, death) => {
        expect(await namesIn(world), death).toEqual(expected);
        await readEverything(world);
      },
    });
    expect(deaths).toBeGreaterThan(20);
  });

  it('waits while a checkpoint has not noted its bases, and aborts it when that takes a day', async () => {
    const world = await withHistory();
    const tables = new JobTables(world.records);
    const pending: CheckpointState = {
      ...{ run: RUN, n: 9, purpose: 'checkpoint', status: 'PENDING', execution: 'x' },
      ...{ createdAt: world.clock.now(), bases: null, manifest: null, discarded: false },
    };
    await tables.createCheckpoint(pending);
    expect(await collectGarbage(world, { job: JOB })).toMatchObject({ deletedObjects: 0 });
    world.advance(LIMITS.garbageAgeMs + 1);
    expect((await collectGarbage(world, { job: JOB })).deletedObjects).toBeGreaterThan(10);
    expect((await tables.checkpoint(RUN, 9))?.value.status).toBe('ABORTED');
  });

  it('keeps the bases that an unfinished checkpoint has noted', async () => {
    const world = await withHistory();
    const { n } = await createCheckpoint(world, { ...KEY, execution: 'x', always: true });
    const key = { ...KEY, n: n! };
    await noteBases(world, key);
    await commit(world, SUBTASKS[0]!, { payload: {} });
    for (const subtask of SUBTASKS) await appendEpoch(world, key, subtask);
    for (const subtask of SUBTASKS) await compactSubtask(world, subtask);
    await collectGarbage(world, { job: JOB, retained: 0 });
    expect(await concludeCheckpoint(world, key)).toMatchObject({ kind: 'complete' });
    await readEverything(world);
  });

  it('keeps the checkpoint from which a restore reads', async () => {
    const world = await withHistory();
    const tables = new JobTables(world.records);
    const oldest = (await tables.checkpoint(RUN, 1))!.value.manifest!;
    const { revision: _, ...run } = (await tables.run(KEY))!;
    const restoring: RunState = { ...run.value, id: 'r', status: 'CREATED', genesisWritten: false };
    await tables.createRun({ ...restoring, lineage: 2, restoredFrom: oldest });
    // Another restore has taken this lineage: it will never begin.
    const second = (await tables.checkpoint(RUN, 2))!.value.manifest!;
    await tables.createRun({ ...restoring, id: 'late', restoredFrom: second });
    await collectGarbage(world, { job: JOB });
    await readCut(world, (await readCheckpoint(world, oldest)).subtasks['read/0']!);
    expect((await tables.checkpoint(RUN, 1))?.value.discarded).toBe(false);
    expect((await tables.checkpoint(RUN, 2))?.value.discarded).toBe(true);
  });

  it('takes the mark of a checkpoint back that a restore has named meanwhile', async () => {
    const world = await withHistory();
    const tables = new JobTables(world.records);
    const oldest = (await tables.checkpoint(RUN, 1))!.value.manifest!;
    const { revision: _, ...run } = (await tables.run(KEY))!;
    const restoring: RunState = { ...run.value, id: 'r', lineage: 2, genesisWritten: false };
    const records = new Proxy(world.records, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (name !== 'update') return value.bind(target);
        return async (...asked: Parameters<World['records']['update']>) => {
          await tables.createRun({ ...restoring, status: 'PREPARING', restoredFrom: oldest });
          return world.records.update(...asked);
        };
      },
    });
    await collectGarbage({ ...world, records }, { job: JOB });
    expect((await tables.checkpoint(RUN, 1))?.value.discarded).toBe(false);
    await readCut(world, (await readCheckpoint(world, oldest)).subtasks['read/0']!);
  });

  it('keeps the logs of a finished run as long as the job has no other', async () => {
    const world = await withHistory();
    for (const subtask of SUBTASKS) {
      await commit(world, subtask, { payload: {}, item: { kind: 'seal', seal: 'finished' } });
    }
    await sealRun(world, KEY);
    world.advance(LIMITS.garbageAgeMs + 1);
    expect((await collectGarbage(world, { job: JOB, retained: 0 })).deletedRuns).toEqual([]);
    await restoreJob(world, {
      ...{ job: JOB, run: 'run-2', plan: planOf(2, 1), code: 'new', from: undefined },
      allowNonRestoredState: false,
    });
    expect(await seenIds(world, { run: 'run-2', vertex: 'count', subtask: 0 })).toHaveLength(15);
  });

  it('deletes the log of a run that is over, and keeps its savepoint', async () => {
    const world = await withHistory();
    await restoreJob(world, {
      ...{ job: JOB, run: 'run-2', plan: planOf(2, 3), code: 'new', from: undefined },
      allowNonRestoredState: false,
    });
    expect((await collectGarbage(world, { job: JOB })).deletedRuns).toEqual([]);
    world.advance(LIMITS.garbageAgeMs + 1);
    const report = await collectGarbage(world, { job: JOB, retained: 0 });
    expect(report.deletedRuns).toEqual([RUN]);
    expect((await world.log.readFrom(SUBTASKS[0]!, 1, 1)).items).toEqual([]);
    expect((await collectGarbage(world, { job: JOB, retained: 0 })).deletedRuns).toEqual([]);
    const savepoint = (await new JobTables(world.records).checkpoint(RUN, 6))!.value.manifest!;
    await restoreJob(world, {
      ...{ job: JOB, run: 'run-3', plan: planOf(2, 1), code: 'new', from: savepoint },
      allowNonRestoredState: false,
    });
    const ids = await seenIds(world, { run: 'run-3', vertex: 'count', subtask: 0 });
    expect(ids.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32, 40, 41, 42]);
  });

  it('leaves a restored checkpoint to its run, and the restored run needs nothing of it', async () => {
    const world = await withHistory();
    const tables = new JobTables(world.records);
    const from = (await tables.checkpoint(RUN, 5))!.value.manifest!;
    const target = { job: JOB, run: 'run-2', plan: planOf(2, 1), code: 'new' };
    await restoreJob(world, { ...target, from, allowNonRestoredState: false });
    for (const execution of ['a', 'b']) await takeCheckpoint(world, { ...target, execution, always: true });
    world.advance(LIMITS.garbageAgeMs + 1);
    await collectGarbage(world, { job: JOB, retained: 1 });
    expect((await tables.checkpoint(RUN, 5))?.value.discarded).toBe(false);
    expect((await tables.checkpoint('run-2', 1))?.value.discarded).toBe(true);
    const ofOldRun = (await namesIn(world)).filter((name) => name.split('/')[1] === RUN);
    expect(ofOldRun).toContain(from);
    await world.objects.delete(ofOldRun);
    const seen = await seenIds(world, { run: 'run-2', vertex: 'count', subtask: 0 });
    expect(seen).toHaveLength(15);
    const last = await takeCheckpoint(world, { ...target, execution: 'c', always: true });
    if (last.kind !== 'complete') throw new Error(last.kind);
    const third = { ...target, run: 'run-3', from: last.manifest, allowNonRestoredState: false };
    await restoreJob(world, third);
    expect(await seenIds(world, { run: 'run-3', vertex: 'count', subtask: 0 })).toHaveLength(15);
  });
});

describe('decisions about garbage', () => {
  const run: RunState = {
    ...{ id: 'a', job: JOB, lineage: 1, status: 'SEALED', plan: planOf(1, 1), code: 'c' },
    ...{
      replaces: null,
      from: null,
      restoredFrom: null,
      genesisWritten: true,
      logsDeleted: false,
      changedAt: 0,
    },
  };
  const next: RunState = { ...run, id: 'b', status: 'RUNNING' };
  const late = LIMITS.garbageAgeMs + 1;

  it('call a sealed run over only when another one goes on from it', () => {
    expect(isOver(run, run, late)).toBe(false);
    expect(isOver(run, next, late)).toBe(true);
    expect(isOver(run, next, late - 1)).toBe(false);
    expect(isOver(run, { ...next, genesisWritten: false }, late)).toBe(false);
    expect(isOver({ ...run, status: 'FAILED' }, next, late)).toBe(false);
    expect(isOver({ ...run, status: 'FINISHED' }, run, late)).toBe(false);
    expect(isOver({ ...run, status: 'FINISHED' }, next, late)).toBe(true);
    expect(isOver({ ...run, status: 'ABANDONED' }, run, late)).toBe(true);
    expect(isOver({ ...run, status: 'RUNNING' }, run, late)).toBe(false);
  });

  it('keep savepoints, the latest checkpoints and what is restored from', () => {
    const of = (n: number, more: Partial<CheckpointState> = {}): CheckpointState => ({
      ...{ run: 'a', n, purpose: 'checkpoint', status: 'COMPLETE', execution: '', createdAt: 0 },
      ...{ bases: {}, manifest: `m${n}`, discarded: false, ...more },
    });
    const all = [of(1), of(2, { purpose: 'savepoint' }), of(3), of(4), of(5, { status: 'PENDING' })];
    const restoring = new Set(['m1']);
    expect(expiredCheckpoints(all, { retained: 1, restoring: new Set() }).map(({ n }) => n)).toEqual([1, 3]);
    expect(expiredCheckpoints(all, { retained: 0, restoring }).map(({ n }) => n)).toEqual([3, 4]);
  });

  it('forget segments only when every receiver has consumed their frames', () => {
    const a = (version: number, b: number, c: number) => ({
      version,
      consumed: {},
      produced: { 'b/0': b, 'c/0': c },
    });
    const consumed = (cseq: number) => [{ version: 1, consumed: { 'a/0': cseq }, produced: {} }];
    const points = { 'a/0': [a(4, 2, 1), a(9, 5, 3)], 'b/0': consumed(5), 'c/0': consumed(2) };
    expect(frameHorizons(points)).toEqual({ 'a/0': 4, 'b/0': 1, 'c/0': 1 });
  });

  it('are not inherited from one checkpoint by the next for ever', async () => {
    const world = await withHistory();
    const counts: number[] = [];
    for (let round = 0; round < 40; round++) {
      await produce(world, 0, { ids: [1000 + round] });
      await consume(world, 0, { from: 0, frames: 9 });
      await consume(world, 1, { from: 0, frames: 9 });
      const taken = await takeCheckpoint(world, { ...KEY, execution: `n${round}`, always: true });
      for (const subtask of SUBTASKS) await compactSubtask(world, subtask);
      if (taken.kind !== 'complete') throw new Error(taken.kind);
      const { subtasks } = await readCheckpoint(world, taken.manifest);
      const base = (await readSubtask(world, SUBTASKS[0]!)).base?.manifest.segments.length ?? 0;
      counts.push(subtasks['read/0']!.segments.length - base);
    }
    expect(Math.max(...counts)).toBeLessThan(5);
    await readEverything(world);
  });

  it('are forgotten by bases once there are many behind the horizon', async () => {
    const world = await withHistory();
    const source = SUBTASKS[0]!;
    const segmentsOf = async () => (await readSubtask(world, source)).base?.manifest.segments.length ?? 0;
    for (let i = 0; i < LIMITS.forgottenSegmentsMax; i++) {
      await commit(world, source, { payload: {} });
      await compactSubtask(world, source);
    }
    const outcome = await takeCheckpoint(world, { job: JOB, run: RUN, execution: 'late', always: true });
    expect(outcome.kind).toBe('complete');
    const before = await segmentsOf();
    expect(before).toBeGreaterThan(LIMITS.forgottenSegmentsMax);
    await collectGarbage(world, { job: JOB });
    expect(await segmentsOf()).toBeLessThan(before - LIMITS.forgottenSegmentsMax);
    await collectGarbage(world, { job: JOB });
    await readEverything(world);
  });
});
