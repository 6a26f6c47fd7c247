/** (I9) What a running job holds against what its state directory says: random lives of jobs. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileSink } from '../../../lib/connectors/file/file-sink.ts';
import { layoutOf } from '../../../lib/graph/state-layout.ts';
import { structureOf } from '../../../lib/graph/structure.ts';
import {
  DataGeneratorSource,
  defineJob,
  EventTimeSessionWindows,
  millis,
  SlidingEventTimeWindows,
  TumblingProcessingTimeWindows,
  WatermarkStrategy,
} from '../../../lib/index.ts';
import { CommitCycle } from '../../../lib/local/commit-cycle.ts';
import { DeadLetterFile } from '../../../lib/local/dead-letter-file.ts';
import { JobTasks } from '../../../lib/local/job-tasks.ts';
import { StateDirectory } from '../../../lib/local/state-directory.ts';
import type { SubtaskDeltas } from '../../../lib/local/subtask-deltas.ts';
import { StateImage } from '../../../lib/protocol/state-image.ts';
import { MetricRegistry } from '../../../lib/runtime/metrics.ts';
import { contentOf } from '../../state-fold.ts';

interface Reading {
  readonly sensor: string;
  readonly at: number;
  readonly text: string;
}

const RECORDS = 3000;
/** Two of them are more than a log holds behind an empty base. */
const LARGE = randomBytes(1_700_000).toString('base64');

/** Every kind of state that an embedded job has: splits, generators, windows, timers, parts of sinks. */
function jobOf(folder: string, parallelism: number, isLarge: (n: number) => boolean) {
  return defineJob('readings', (env) => {
    env.setParallelism(parallelism).setMaxParallelism(16);
    const reading = (n: number): Reading => ({
      sensor: `s${(n * 7) % 11}`,
      at: n * 10 - ((n * 13) % 70),
      text: isLarge(n) ? LARGE : '',
    });
    const readings = env
      .fromSource(
        new DataGeneratorSource(reading, { count: RECORDS }),
        WatermarkStrategy.forBoundedOutOfOrderness<Reading>(millis(100), { timestamp: ({ at }) => at }),
        'readings',
      )
      .uid('readings');
    const keyed = readings.keyBy(({ sensor }) => sensor);
    const counted = { createAccumulator: () => 0, add: (n: number) => n + 1, getResult: (n: number) => n };
    const merge = (a: number, b: number) => a + b;
    const sink = (name: string) =>
      FileSink.ndjson<{ readonly n: number }>(join(folder, 'out', name), {
        rollingPolicy: { maxPartBytes: 400 },
      });
    const row = ({ value }: { readonly value: number }) => ({ n: value });
    keyed
      .window(SlidingEventTimeWindows.of(millis(400), millis(100)))
      .aggregate({ ...counted, merge }, row)
      .uid('sliding')
      .sinkTo(sink('sliding'))
      .uid('sliding-out');
    keyed
      .window(EventTimeSessionWindows.withGap(millis(150)))
      .aggregate({ ...counted, merge }, row)
      .uid('sessions')
      .sinkTo(sink('sessions'))
      .uid('sessions-out');
    keyed
      .window(TumblingProcessingTimeWindows.of(millis(50)))
      .reduce((a, b) => (a.text.length > b.text.length ? a : b))
      .map(({ text }) => ({ n: text.length }))
      .uid('processing')
      .sinkTo(sink('processing'))
      .uid('processing-out');
    keyed
      .reduce((a, b) => (a.text.length > b.text.length ? a : b))
      .uid('latest')
      .map(({ at }) => ({ n: at }))
      .sinkTo(sink('latest'))
      .uid('latest-out');
  });
}

/** What a job does before it is killed and goes on. */
interface Life {
  readonly parallelism: number;
  /** Turns before each commit. */
  readonly commits: readonly number[];
  /** Records that carry much. */
  readonly large: boolean;
}

/** One process of the job: the state that it holds at its last commit. */
async function live(folder: string, { parallelism, commits, large }: Life, clock: { ms: number }) {
  const job = jobOf(folder, parallelism, (n) => large && n % 97 === 0);
  const graphOf = job.subtaskGraphs();
  const metrics = new MetricRegistry();
  const ticking = { now: () => clock.ms, sleep: async () => {} };
  const state = await StateDirectory.open(join(folder, 'state'), 'readings');
  const deadLetters = new DeadLetterFile(join(folder, 'letters'), state.progress?.deadLetters);
  const tasks = await JobTasks.create({
    ...{ plan: graphOf(0), graphOf, clock: ticking, deadLetters, metrics },
    ...{ durable: true, keyedRowsOf: undefined },
  });
  try {
    const structure = structureOf(graphOf(0));
    const layout = layoutOf(tasks.jobGraph);
    await state.restore(
      { structure, layout, allowNonRestored: false, now: clock.ms },
      ({ vertex, subtask }, deltas) => tasks.applyState(vertex, subtask, deltas),
    );
    for (const source of tasks.sources.values()) await source.start();
    const restored = state.progress !== undefined;
    for (const [nodeId, { runtime }] of tasks.sinks) {
      await runtime.prepare?.({
        ...{ jobName: 'readings', operatorUid: `${nodeId}`, overwrite: false, restored },
      });
    }
    for (const task of tasks.tasks.toReversed()) await task.open();
    if (restored) for (const sink of tasks.sinks.values()) await sink.recover();
    const cycle = new CommitCycle({ tasks, state, deadLetters, metrics, clock: ticking });
    await cycle.begin();
    let bases = 0;
    for (const turns of commits) {
      for (let i = 0; i < turns; i++) await turn(tasks, clock);
      while (tasks.tasks.map((task) => task.runBatch(false)).includes(true));
      if (state.needsBase) bases++;
      await cycle.commit(false);
    }
    cycle.end(false);
    return { layout, structure, held: imagesOf(structuredClone(tasks.collectState('all'))), bases };
  } finally {
    for (const task of tasks.tasks) await task.close();
    state.close();
    deadLetters.close();
  }
}

async function turn({ sources, tasks }: JobTasks, clock: { ms: number }): Promise<void> {
  clock.ms += 20;
  for (const source of sources.values()) source.advance(clock.ms);
  for (const task of tasks) {
    task.advanceTime(clock.ms);
    task.runBatch(true);
    for (const sink of task.sinks) if (sink.needsFlush()) await sink.flush(false);
  }
  await new Promise(setImmediate);
}

/** What the state directory says. */
async function stored(
  folder: string,
  { layout, structure }: Pick<Awaited<ReturnType<typeof live>>, 'layout' | 'structure'>,
) {
  const state = await StateDirectory.open(join(folder, 'state'), 'readings');
  try {
    const deltas: SubtaskDeltas[] = [];
    await state.restore({ structure, layout, allowNonRestored: false, now: 0 }, (place, own) => {
      deltas.push({ ...place, deltas: own, due: undefined });
    });
    return imagesOf(deltas);
  } finally {
    state.close();
  }
}

function imagesOf(subtasks: readonly SubtaskDeltas[]): Readonly<Record<string, unknown>> {
  const images = new Map<string, StateImage>();
  for (const { vertex, subtask, deltas } of subtasks) {
    const place = `${vertex}/${subtask}`;
    const image = images.get(place) ?? new StateImage();
    images.set(place, image);
    for (const delta of deltas) image.apply(delta);
  }
  const contents = [...images].flatMap(([place, image]) =>
    image.deltas().map((delta) => [`${place} ${delta.operator}`, contentOf(delta)] as const),
  );
  return Object.fromEntries(contents.sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function liveAll(lives: readonly Life[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-cached-'));
  const clock = { ms: 1_700_000_000_000 };
  let bases = 0;
  try {
    for (const life of lives) {
      const process = await live(folder, life, clock);
      bases += process.bases;
      expect(await stored(folder, process)).toEqual(process.held);
      clock.ms += 500;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return bases;
}

const lifeArbitrary = fc.record({
  parallelism: fc.integer({ min: 1, max: 3 }),
  commits: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 5 }),
  large: fc.constant(false),
});

describe('I9: the state of a running job', () => {
  it('is what base and items of its log say, over restarts and changes of the parallelism', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(lifeArbitrary, { minLength: 1, maxLength: 5 }), async (lives) => {
        await liveAll(lives);
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  it('is the same behind a base that was written because of much log', async () => {
    const life = { commits: [1, 1, 1, 1, 1, 1], large: true };
    const lives = [1, 1, 2].map((parallelism) => ({ ...life, parallelism }));
    expect(await liveAll(lives)).toBeGreaterThan(0);
  }, 60_000);
});
