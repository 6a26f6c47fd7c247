import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  abortCheckpoint,
  abortLateCheckpoints,
  appendEpoch,
  concludeCheckpoint,
  createCheckpoint,
  noteBases,
  pendingCheckpoint,
  readCheckpoint,
  runOf,
  takeCheckpoint,
} from '../../../lib/coordinator/checkpoint.ts';
import { inFlightOf } from '../../../lib/coordinator/checkpoint-manifest.ts';
import { compactSubtask } from '../../../lib/coordinator/compaction.ts';
import { readCut, readInFlight } from '../../../lib/coordinator/cut-reader.ts';
import { JobTables } from '../../../lib/coordinator/job-tables.ts';
import { findHead } from '../../../lib/coordinator/log-head.ts';
import { startJob } from '../../../lib/coordinator/restore.ts';
import { subtaskName, subtasksOf } from '../../../lib/coordinator/run-plan.ts';
import { archivedItems } from '../../../lib/coordinator/subtask-cut.ts';
import { decodeFrame } from '../../../lib/core/codec/frame-codec.ts';
import { LIMITS } from '../../../lib/core/limits.ts';
import { readPayload } from '../../../lib/ports/stored-objects.ts';
import { dieEverywhere } from './dying-ports.ts';
import {
  commit,
  consume,
  createWorld,
  idsOf,
  JOB,
  planOf,
  produce,
  RUN,
  type World,
} from './pipeline-fixture.ts';

const KEY = { job: JOB, run: RUN };
const SOURCE = { run: RUN, vertex: 'read', subtask: 0 };

async function started(ringSize?: number): Promise<World> {
  const world = createWorld(ringSize);
  await startJob(world, { ...KEY, plan: planOf(2, 2), code: 'code' });
  return world;
}

async function withTraffic(): Promise<World> {
  const world = await started();
  await produce(world, 0, { ids: [1, 2, 3, 4, 5] });
  await produce(world, 1, { ids: [11, 12, 13] });
  await consume(world, 0, { from: 0 });
  await produce(world, 0, { ids: [6, 7, 8, 9] });
  return world;
}

/** Every id that is in the state of the cut or in flight. */
async function accountOf(world: World, name: string): Promise<readonly number[]> {
  const manifest = await readCheckpoint(world, name);
  const ids = idsOf((await readInFlight(world, manifest)).map(({ frame }) => frame));
  const inState: number[] = [];
  for (const subtask of subtasksOf(manifest.plan, manifest.run)) {
    const fold = await readCut(world, manifest.subtasks[subtaskName(subtask)]!);
    const changes = fold.state.deltas().flatMap(({ keyed }) => keyed.flatMap((state) => state.changes));
    inState.push(...changes.map(({ key }) => Number(key)));
  }
  return [...ids, ...inState].sort((a, b) => a - b);
}

/** Every id that the sources had sent or were to send at the cut. */
async function producedAt(world: World, name: string): Promise<readonly number[]> {
  const { subtasks } = await readCheckpoint(world, name);
  const ids: number[] = [];
  for (const index of [0, 1]) {
    const cut = subtasks[`read/${index}`]!;
    for (const item of await archivedItems(world, cut.segments, { after: 0, through: cut.version })) {
      for (const { bytes } of (await readPayload(world.objects, item)).outbox) {
        const frame = decodeFrame(bytes);
        if (frame.kind === 'frame') ids.push(...idsOf([frame]));
      }
    }
  }
  return ids.sort((a, b) => a - b);
}

describe('takeCheckpoint', () => {
  it('I12: names what is in state and what is in flight, every record once', async () => {
    const world = await withTraffic();
    const outcome = await takeCheckpoint(world, { ...KEY, execution: 'a' });
    if (outcome.kind !== 'complete') throw new Error(outcome.kind);
    expect(outcome.n).toBe(1);
    expect(await accountOf(world, outcome.manifest)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13]);
  });

  it('leaves out what happens behind the epoch', async () => {
    const world = await withTraffic();
    const { n } = await createCheckpoint(world, { ...KEY, execution: 'a' });
    const key = { ...KEY, n: n! };
    await noteBases(world, key);
    await appendEpoch(world, key, SOURCE);
    await produce(world, 0, { ids: [20, 21, 22, 23] });
    await consume(world, 0, { from: 0, frames: 9 });
    for (const subtask of subtasksOf(planOf(2, 2), RUN)) await appendEpoch(world, key, subtask);
    const outcome = await concludeCheckpoint(world, key);
    if (outcome.kind !== 'complete') throw new Error(outcome.kind);
    expect(await accountOf(world, outcome.manifest)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13]);
  });

  it('is skipped while nothing has moved, and is not when it is asked for always', async () => {
    const world = await withTraffic();
    await takeCheckpoint(world, { ...KEY, execution: 'a' });
    await commit(world, SOURCE, { payload: {} });
    expect(await takeCheckpoint(world, { ...KEY, execution: 'b' })).toEqual({ kind: 'skipped', n: 1 });
    expect(await takeCheckpoint(world, { ...KEY, execution: 'c', always: true })).toMatchObject({ n: 2 });
    await produce(world, 0, { ids: [30] });
    expect(await takeCheckpoint(world, { ...KEY, execution: 'd' })).toMatchObject({ kind: 'complete', n: 3 });
  });

  it('stores only the items behind the checkpoint before', async () => {
    const world = await withTraffic();
    await takeCheckpoint(world, { ...KEY, execution: 'a' });
    await produce(world, 0, { ids: [30] });
    const outcome = await takeCheckpoint(world, { ...KEY, execution: 'b' });
    if (outcome.kind !== 'complete') throw new Error(outcome.kind);
    const { segments } = (await readCheckpoint(world, outcome.manifest)).subtasks['read/0']!;
    expect(segments.map(({ fromVersion, toVersion }) => [fromVersion, toVersion])).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('gives the same result when it dies at any call and is repeated', async () => {
    const deaths = await dieEverywhere({
      prepare: withTraffic,
      step: (ports) => takeCheckpoint(ports, { ...KEY, execution: 'a' }),
      check: async (world, death) => {
        const records = (await new JobTables(world.records).checkpoints(RUN)).map(({ value }) => value);
        expect(
          records.map(({ n, status }) => [n, status]),
          death,
        ).toEqual([[1, 'COMPLETE']]);
        const account = await accountOf(world, records[0]!.manifest!);
        expect(account, death).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13]);
        for (const subtask of subtasksOf(planOf(2, 2), RUN)) {
          const scan = await world.log.readFrom(subtask, 1, 99);
          expect(scan.items.filter(({ kind }) => kind === 'epoch').length, death).toBe(1);
        }
      },
    });
    expect(deaths).toBeGreaterThan(60);
  });

  it('A15: two coordinators at once agree on one decision', async () => {
    const world = await withTraffic();
    const both = await Promise.all([
      takeCheckpoint(world, { ...KEY, execution: 'a' }),
      takeCheckpoint(world, { ...KEY, execution: 'a' }),
    ]);
    expect(both[0]).toEqual(both[1]);
    const records = await new JobTables(world.records).checkpoints(RUN);
    expect(records.map(({ value }) => value.status)).toEqual(['COMPLETE']);
  });

  it('A15: a checkpoint that was aborted stays aborted', async () => {
    const world = await withTraffic();
    const { n } = await createCheckpoint(world, { ...KEY, execution: 'a' });
    const key = { ...KEY, n: n! };
    await noteBases(world, key);
    for (const subtask of subtasksOf(planOf(2, 2), RUN)) await appendEpoch(world, key, subtask);
    await abortCheckpoint(world, key);
    expect(await concludeCheckpoint(world, key)).toEqual({ kind: 'aborted', n: 1, now: false });
    const next = await takeCheckpoint(world, { ...KEY, execution: 'b' });
    expect(next).toMatchObject({ kind: 'complete', n: 2 });
    expect(await abortCheckpoint(world, { ...KEY, n: 2 })).toEqual(next);
  });

  it('is taken of subtasks that have no log yet, and of finished ones', async () => {
    const world = await started();
    await commit(world, SOURCE, { payload: {}, item: { kind: 'seal', seal: 'finished' } });
    const outcome = await takeCheckpoint(world, { ...KEY, execution: 'a' });
    if (outcome.kind !== 'complete') throw new Error(outcome.kind);
    const { subtasks } = await readCheckpoint(world, outcome.manifest);
    expect(subtasks['read/0']?.version).toBe(1);
    expect(subtasks['count/0']).toMatchObject({ version: 0, base: null, segments: [] });
    expect((await findHead(world.log, SOURCE)).item?.kind).toBe('seal');
  });

  it('does not need the base to stand still', async () => {
    const world = await withTraffic();
    const { n } = await createCheckpoint(world, { ...KEY, execution: 'a' });
    const key = { ...KEY, n: n! };
    await noteBases(world, key);
    for (const subtask of subtasksOf(planOf(2, 2), RUN)) await appendEpoch(world, key, subtask);
    await produce(world, 0, { ids: [30] });
    for (const subtask of subtasksOf(planOf(2, 2), RUN)) await compactSubtask(world, subtask);
    const outcome = await concludeCheckpoint(world, key);
    if (outcome.kind !== 'complete') throw new Error(outcome.kind);
    expect(await accountOf(world, outcome.manifest)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13]);
  });

  it('gives up when a later checkpoint has cut and the base has moved past the cut', async () => {
    const world = await withTraffic();
    const first = await createCheckpoint(world, { ...KEY, execution: 'a' });
    await takeCheckpoint(world, { ...KEY, execution: 'b' });
    for (const subtask of subtasksOf(planOf(2, 2), RUN)) await compactSubtask(world, subtask);
    const key = { ...KEY, n: first.n! };
    await noteBases(world, key);
    expect(await concludeCheckpoint(world, key)).toEqual({ kind: 'aborted', n: 1, now: true });
  });

  it('I3: makes room in the full ring of an idle subtask', async () => {
    const world = await started(4);
    for (let i = 0; i < 4; i++) await produce(world, 0, { ids: [i] });
    const outcome = await takeCheckpoint(world, { ...KEY, execution: 'a' });
    if (outcome.kind !== 'complete') throw new Error(outcome.kind);
    expect(await accountOf(world, outcome.manifest)).toEqual([0, 1, 2, 3]);
    expect((await findHead(world.log, SOURCE)).item).toMatchObject({ version: 5, kind: 'epoch' });
  });

  it('refuses a run that does not exist', async () => {
    await expect(runOf(createWorld(), KEY)).rejects.toMatchObject({ code: 'CHECKPOINT_UNUSABLE' });
  });
});

describe('a checkpoint that is not complete in time', () => {
  async function begun(keep = false) {
    const world = await withTraffic();
    const { n } = await createCheckpoint(world, { ...KEY, execution: 'a', keep });
    const key = { ...KEY, n: n! };
    await noteBases(world, key);
    for (const subtask of subtasksOf(planOf(2, 2), RUN)) await appendEpoch(world, key, subtask);
    return { world, key };
  }

  async function statesOf(world: World) {
    return (await new JobTables(world.records).checkpoints(RUN)).map(({ value }) => value);
  }

  it.each([false, true])('is aborted, and the next goes ahead (savepoint: %s)', async (keep) => {
    const { world, key } = await begun(keep);
    world.advance(LIMITS.checkpointTimeoutMs + 1);
    expect(await concludeCheckpoint(world, key)).toEqual({ kind: 'aborted', n: 1, now: true });
    expect(await concludeCheckpoint(world, key)).toEqual({ kind: 'aborted', n: 1, now: false });
    const next = await takeCheckpoint(world, { ...KEY, execution: 'b' });
    expect(next).toMatchObject({ kind: 'complete', n: 2 });
  });

  it('completes with the last millisecond of the time that is set', async () => {
    const { world, key } = await begun();
    world.advance(5000);
    expect(await concludeCheckpoint(world, key, { timeoutMs: 5000 })).toMatchObject({ kind: 'complete' });
  });

  it('is aborted though it was cut in time, if its manifest was not stored by then', async () => {
    const { world, key } = await begun();
    const objects = Object.create(world.objects) as World['objects'];
    objects.put = (name, bytes) => {
      if (name.startsWith('checkpoint/')) world.advance(LIMITS.checkpointTimeoutMs + 1);
      return world.objects.put(name, bytes);
    };
    const outcome = await concludeCheckpoint({ ...world, objects }, key);
    expect(outcome).toEqual({ kind: 'aborted', n: 1, now: true });
  });

  it('is aborted once by those who look for it, and what stops the run is left alone', async () => {
    const { world } = await begun();
    const stop = pendingCheckpoint({ run: RUN, n: 2, execution: 's', createdAt: world.clock.now() }, 'stop');
    await new JobTables(world.records).createCheckpoint(stop);
    const abortLate = async (timeoutMs: number) =>
      abortLateCheckpoints(world, { job: JOB, checkpoints: await statesOf(world) }, { timeoutMs });
    world.advance(5000);
    expect(await abortLate(5000)).toBe(0);
    expect(await abortLate(4999)).toBe(1);
    expect(await abortLate(4999)).toBe(0);
    expect((await statesOf(world)).map(({ status }) => status)).toEqual(['ABORTED', 'PENDING']);
  });
});

describe('a pause between checkpoints', () => {
  const PAUSE = { minPauseMs: 5000 };
  const skipped = { kind: 'skipped', n: 1 };

  it('is counted from the end of the one before, and a savepoint does not wait for it', async () => {
    const world = await withTraffic();
    const { n } = await createCheckpoint(world, { ...KEY, execution: 'a', ...PAUSE });
    world.advance(4000);
    const key = { ...KEY, n: n! };
    await noteBases(world, key);
    for (const subtask of subtasksOf(planOf(2, 2), RUN)) await appendEpoch(world, key, subtask);
    expect(await concludeCheckpoint(world, key)).toMatchObject({ kind: 'complete', n: 1 });
    await produce(world, 0, { ids: [30] });
    world.advance(4999);
    expect(await takeCheckpoint(world, { ...KEY, execution: 'b', ...PAUSE })).toEqual(skipped);
    world.advance(1);
    expect(await takeCheckpoint(world, { ...KEY, execution: 'c', ...PAUSE })).toMatchObject({ n: 2 });
    const savepoint = await takeCheckpoint(world, { ...KEY, execution: 'd', keep: true, ...PAUSE });
    expect(savepoint).toMatchObject({ kind: 'complete', n: 3 });
    await produce(world, 0, { ids: [40] });
    expect(await takeCheckpoint(world, { ...KEY, execution: 'e', ...PAUSE })).toEqual({ ...skipped, n: 3 });
    expect(await takeCheckpoint(world, { ...KEY, execution: 'f' })).toMatchObject({ n: 4 });
  });

  it('lets no two be taken at once, until the first has had its time', async () => {
    const world = await withTraffic();
    const request = { ...KEY, ...PAUSE, timeoutMs: 20_000 };
    expect(await createCheckpoint(world, { ...request, execution: 'a' })).toEqual({ kind: 'created', n: 1 });
    expect(await createCheckpoint(world, { ...request, execution: 'a' })).toEqual({ kind: 'created', n: 1 });
    world.advance(20_000);
    const early = await createCheckpoint(world, { ...request, execution: 'b' });
    expect(early).toEqual({ kind: 'skipped', n: undefined });
    world.advance(1);
    expect(await createCheckpoint(world, { ...request, execution: 'c' })).toEqual({ kind: 'created', n: 2 });
  });

  it('is not counted from one that was aborted', async () => {
    const world = await withTraffic();
    await createCheckpoint(world, { ...KEY, execution: 'a', ...PAUSE });
    await abortCheckpoint(world, { ...KEY, n: 1 });
    expect(await takeCheckpoint(world, { ...KEY, execution: 'b', ...PAUSE })).toMatchObject({ n: 2 });
  });
});

describe('cuts of random histories', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('produce' as const), at: fc.nat(1) }),
    fc.record({ kind: fc.constant('consume' as const), at: fc.nat(1), from: fc.nat(1), frames: fc.nat(3) }),
    fc.record({ kind: fc.constant('epoch' as const), at: fc.nat(3), n: fc.integer({ min: 1, max: 2 }) }),
    fc.record({ kind: fc.constant('compact' as const), at: fc.nat(3) }),
  );

  it('I11: have no orphan, and hold every record once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const world = await started(16);
        const subtasks = subtasksOf(planOf(2, 2), RUN);
        for (const execution of ['a', 'b']) {
          const { n } = await createCheckpoint(world, { ...KEY, execution, always: true });
          await noteBases(world, { ...KEY, n: n! });
        }
        let id = 0;
        for (const action of steps) {
          const subtask = subtasks[action.at]!;
          if (action.kind === 'produce') await produce(world, action.at, { ids: [id++, id++, id++] });
          else if (action.kind === 'compact') await compactSubtask(world, subtask);
          else if (action.kind === 'epoch') await appendEpoch(world, { ...KEY, n: action.n }, subtask);
          else await consume(world, action.at, { from: action.from, frames: action.frames });
          // As the writers do, before their ring is full (I3).
          for (const other of subtasks) {
            const { item, base } = await findHead(world.log, other);
            if ((item?.version ?? 0) - (base?.version ?? 0) > 12) await compactSubtask(world, other);
          }
        }
        for (const n of [1, 2]) {
          for (const subtask of subtasks) await appendEpoch(world, { ...KEY, n }, subtask);
          const outcome = await concludeCheckpoint(world, { ...KEY, n });
          if (outcome.kind !== 'complete') throw new Error(outcome.kind);
          expect(await accountOf(world, outcome.manifest)).toEqual(await producedAt(world, outcome.manifest));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('I11: an orphan is a defect', () => {
    const cuts = {
      'a/0': { consumed: {}, produced: { 'b/0': 3 } },
      'b/0': { consumed: { 'a/0': 4 }, produced: {} },
    };
    expect(() => inFlightOf(cuts)).toThrow(/I11/);
    expect(inFlightOf({ ...cuts, 'b/0': { consumed: { 'a/0': 1 }, produced: {} } })).toEqual([
      { upstream: 'a/0', target: 'b/0', after: 1, through: 3 },
    ]);
  });
});
