/** Coordinators side by side, in any order of their calls to the stores. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { abortCheckpoint, readCheckpoint, takeCheckpoint } from '../../../lib/coordinator/checkpoint.ts';
import { compactSubtask } from '../../../lib/coordinator/compaction.ts';
import type { CoordinatorPorts } from '../../../lib/coordinator/coordinator-ports.ts';
import { readCut, readInFlight } from '../../../lib/coordinator/cut-reader.ts';
import { collectGarbage } from '../../../lib/coordinator/garbage-collection.ts';
import { JobTables } from '../../../lib/coordinator/job-tables.ts';
import { type RestoreRequest, restoreJob, startJob } from '../../../lib/coordinator/restore.ts';
import { subtaskName, subtasksOf } from '../../../lib/coordinator/run-plan.ts';
import { takeSavepoint } from '../../../lib/coordinator/savepoint.ts';
import { sweepRun } from '../../../lib/coordinator/sweeper.ts';
import { PRODUCTION_COORDINATOR_RULES } from '../../../lib/protocol/coordinator-rules.ts';
import {
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

async function withTraffic(): Promise<World> {
  const world = createWorld();
  world.onInvoke = async (subtask) => {
    // A race that the log decides is an attempt that is made again.
    await consumeInbox(world, subtask).catch(() => undefined);
  };
  await startJob(world, { ...KEY, plan: planOf(2, 2), code: 'code' });
  await produce(world, 0, { ids: [1, 2, 3, 4, 5] });
  await consume(world, 0, { from: 0 });
  await produce(world, 1, { ids: [6, 7, 8, 9] });
  return world;
}

const ALL = [1, 2, 3, 4, 5, 6, 7, 8, 9];

/** Each call waits until the scheduler picks it. */
function scheduled(ports: CoordinatorPorts, scheduler: fc.Scheduler): CoordinatorPorts {
  const wrap = <T extends object>(port: T): T =>
    new Proxy(port, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (target === ports.objects && name === 'list') return value.bind(target);
        return async (...args: readonly unknown[]) => {
          await scheduler.schedule(Promise.resolve());
          const result: unknown = await value.apply(target, args);
          await scheduler.schedule(Promise.resolve());
          return result;
        };
      },
    });
  return { ...ports, log: wrap(ports.log), objects: wrap(ports.objects), records: wrap(ports.records) };
}

async function together(
  scheduler: fc.Scheduler,
  tasks: readonly Promise<unknown>[],
): Promise<readonly PromiseSettledResult<unknown>[]> {
  const settled = Promise.allSettled(tasks);
  await scheduler.waitFor(settled);
  return settled;
}

function codesOf(results: readonly PromiseSettledResult<unknown>[]): readonly unknown[] {
  const reasons = results.flatMap((result): unknown[] =>
    result.status === 'rejected' ? [result.reason] : [],
  );
  return reasons.map((reason) => (reason instanceof Error && 'code' in reason ? reason.code : reason));
}

function restoreOf(run: string, counters: number): RestoreRequest {
  const plan = planOf(2, counters);
  return { job: JOB, run, plan, code: 'new', from: undefined, allowNonRestoredState: false };
}

describe('in any order', () => {
  it('A15: checkpoints, an abort, a subtask at work and a savepoint leave whole cuts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const world = await withTraffic();
        const ports = () => scheduled(world, scheduler);
        const results = await together(scheduler, [
          takeCheckpoint(ports(), { ...KEY, execution: 'a' }),
          takeCheckpoint(ports(), { ...KEY, execution: 'a' }),
          takeCheckpoint(ports(), { ...KEY, execution: 'b', always: true }),
          abortCheckpoint(ports(), { ...KEY, n: 1 }),
          consume({ ...world, ...ports() }, 1, { from: 0 }),
          takeSavepoint(ports(), { ...KEY, execution: 's' }),
        ]);
        expect(codesOf([...results.slice(0, 3), ...results.slice(5)])).toEqual([]);
        for (const { value } of await new JobTables(world.records).checkpoints(RUN)) {
          expect(value.status).not.toBe('PENDING');
          if (value.manifest === null) continue;
          const manifest = await readCheckpoint(world, value.manifest);
          let records = 0;
          for (const { frame } of await readInFlight(world, manifest)) {
            records += frame.runs.flatMap((run) => run.records).length;
          }
          for (const subtask of subtasksOf(manifest.plan, RUN)) {
            const fold = await readCut(world, manifest.subtasks[subtaskName(subtask)]!);
            for (const { keyed } of fold.state.deltas()) records += keyed.flatMap((s) => s.changes).length;
          }
          expect(records).toBe(ALL.length);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('of three restores one goes on, with everything', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const world = await withTraffic();
        const ports = () => scheduled(world, scheduler);
        const results = await together(scheduler, [
          restoreJob(ports(), restoreOf('run-a', 3)),
          restoreJob(ports(), restoreOf('run-a', 3)),
          restoreJob(ports(), restoreOf('run-b', 1)),
          sweepRun(ports(), KEY),
          collectGarbage(ports(), { job: JOB }),
        ]);
        for (const code of codesOf(results)) expect(code).toBe('RUN_FENCED');
        const tables = new JobTables(world.records);
        const job = (await tables.job(JOB))!.value;
        const run = (await tables.run({ job: JOB, run: job.currentRun }))!.value;
        expect(run.status).toBe('RUNNING');
        expect(run.lineage).toBe(job.lineage);
        const ids: number[] = [];
        for (let subtask = 0; subtask < run.plan.vertices[1]!.parallelism; subtask++) {
          ids.push(...(await seenIds(world, { run: run.id, vertex: 'count', subtask })));
        }
        expect(ids.sort((a, b) => a - b)).toEqual(ALL);
      }),
      { numRuns: 40 },
    );
  });

  it('A12: garbage collection takes nothing from checkpoints that are being taken', async () => {
    const rules = {
      ...PRODUCTION_COORDINATOR_RULES,
      // Everything is old: only reachability protects, but for what is stored while the collector works.
      isGarbage: ({ reachable, ageMs }: { readonly reachable: boolean; readonly ageMs: number }) =>
        !reachable && ageMs > 0,
    };
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const world = await withTraffic();
        const subtask = { run: RUN, vertex: 'count', subtask: 0 };
        await compactSubtask(world, subtask);
        await takeCheckpoint(world, { ...KEY, execution: 'old' });
        world.advance(1);
        const ports = () => ({ ...scheduled(world, scheduler), rules });
        const results = await together(scheduler, [
          takeCheckpoint(ports(), { ...KEY, execution: 'a', always: true }),
          compactSubtask(ports(), subtask),
          collectGarbage(ports(), { job: JOB, retained: 1 }),
          collectGarbage(ports(), { job: JOB, retained: 1 }),
        ]);
        expect(codesOf(results)).toEqual([]);
        for (const { value } of await new JobTables(world.records).checkpoints(RUN)) {
          if (value.manifest === null || value.discarded) continue;
          const manifest = await readCheckpoint(world, value.manifest);
          for (const cut of Object.values(manifest.subtasks)) await readCut(world, cut);
          await readInFlight(world, manifest);
        }
        expect(await seenIds(world, subtask)).not.toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
