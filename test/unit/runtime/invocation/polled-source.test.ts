/** A source to which nobody delivers: ticks make it look for records. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineJob } from '../../../../lib/api/define-job.ts';
import { WatermarkStrategy } from '../../../../lib/api/watermark-strategy.ts';
import { wakeUp } from '../../../../lib/coordinator/sweeper.ts';
import { LIMITS } from '../../../../lib/core/limits.ts';
import type { SubtaskId } from '../../../../lib/core/log/subtask-id.ts';
import type { SubtaskHost } from '../../../../lib/runtime/invocation/subtask-host.ts';
import { TaskProgramFactory } from '../../../../lib/runtime/invocation/task-program-factory.ts';
import { type AppendFault, InvocationWorld, RUN } from './invocation-world.ts';
import { PolledWords, type WordLists } from './polled-words.ts';
import { KeptRows } from './pushed-words.ts';

const SOURCES: readonly SubtaskId[] = [0, 1].map((subtask) => ({ run: RUN, vertex: 'words', subtask }));
const COUNTERS: readonly SubtaskId[] = [0, 1].map((subtask) => ({ run: RUN, vertex: 'counts', subtask }));

/** Sources that poll, and counters that say each count once. */
class PolledWorld {
  readonly rows = new KeptRows();
  readonly lists: WordLists = new Map();
  readonly world: InvocationWorld;

  constructor(boundedness: 'bounded' | 'continuous-unbounded') {
    const job = defineJob('polled', (env) => {
      env
        .fromSource(new PolledWords(this.lists, boundedness), WatermarkStrategy.noWatermarks(), 'words')
        .setParallelism(SOURCES.length)
        .map((word) => ({ word, count: 1 }))
        .setParallelism(SOURCES.length)
        .keyBy(({ word }) => word)
        .reduce((a, b) => ({ word: a.word, count: a.count + b.count }))
        .uid('counts')
        .setParallelism(COUNTERS.length)
        .map(({ word, count }) => `${word}=${count}`)
        .setParallelism(COUNTERS.length)
        .sinkTo(this.rows)
        .setParallelism(COUNTERS.length);
    });
    this.world = new InvocationWorld({
      ringSize: 16,
      job: ({ clock, rules }) =>
        new TaskProgramFactory({
          newGraph: () => job.createGraph({}),
          ...{ clock, rules, random: { next: () => 0 }, deadLetters: { keep: async () => {} } },
          shardsOf: () => [],
          readerOfSplit: (split, parallelism) => split.length % parallelism,
        }),
    });
  }

  /** What every word was counted up to, each count once. */
  expected(): readonly string[] {
    const words = Map.groupBy([...this.lists.values()].flat(), (word) => word);
    return [...words].flatMap(([word, found]) => found.map((_, i) => `${word}=${i + 1}`)).sort();
  }

  async tick(host: SubtaskHost, subtask: SubtaskId, time = 600_000) {
    const deadline = this.world.now + time;
    return host.invoke({ subtask, records: [], request: { kind: 'tick' }, deadline });
  }

  async settle(): Promise<void> {
    for (let round = 0; round < 4; round++) {
      for (const subtask of SOURCES) await this.tick(this.world.host(), subtask);
      await this.world.drain(this.world.host(), COUNTERS);
      for (const subtask of COUNTERS) await this.tick(this.world.host(), subtask);
      this.world.now += 60_000;
    }
  }
}

function words(count: number, seed: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => 'abcdefg'[(i * 5 + seed) % 7]!);
}

describe('a polled source', () => {
  it('reads every list in versions of bounded size, and ends when it is bounded (I13)', async () => {
    const polled = new PolledWorld('bounded');
    polled.lists.set('x', words(LIMITS.versionRecordsMax * 2 + 10, 1));
    polled.lists.set('yy', words(20, 2));
    await polled.settle();
    expect(polled.rows.rows).toEqual(polled.expected());
    const versions = polled.world.appended.filter(({ kind }) => kind === 'data');
    expect(versions.length).toBeGreaterThanOrEqual(3 + 1 + COUNTERS.length);
    const seals = polled.world.appended.filter(({ seal }) => seal === 'finished');
    expect(seals).toHaveLength(SOURCES.length + COUNTERS.length);
  });

  it('is woken by every sweep while it may find more, and writes nothing when it does not', async () => {
    const polled = new PolledWorld('continuous-unbounded');
    const [source] = SOURCES;
    const host = polled.world.host();
    polled.lists.set('xx', words(5, 1));
    await polled.tick(host, source!);
    await polled.tick(host, source!);
    const written = polled.world.appended.length;
    for (let i = 0; i < 3; i++) {
      polled.world.now += LIMITS.sweepIntervalMs;
      const head = polled.world.appended.at(-1);
      expect(wakeUp(head, { now: polled.world.now, source: true })).toEqual({ kind: 'tick' });
      expect(await polled.tick(host, source!)).toEqual({ kind: 'success' });
    }
    expect(polled.world.appended).toHaveLength(written);
    polled.lists.set('xxxx', words(5, 3));
    await polled.tick(host, source!);
    await polled.settle();
    expect(polled.rows.rows).toEqual(polled.expected());
  });

  it('I9: reads on where another process has stopped', async () => {
    const polled = new PolledWorld('continuous-unbounded');
    const [source] = SOURCES;
    const [early, other] = [polled.world.host(), polled.world.host()];
    for (const host of [early, other, early, other, early]) {
      polled.lists.set('xx'.repeat(polled.lists.size + 1), words(5, polled.lists.size));
      await polled.tick(host, source!);
    }
    await polled.settle();
    expect(polled.rows.rows).toEqual(polled.expected());
  });

  it('stops in time, and goes on with the next tick', async () => {
    const polled = new PolledWorld('continuous-unbounded');
    polled.lists.set('xx', words(50, 1));
    const [source] = SOURCES;
    const host = polled.world.host();
    expect(await polled.tick(host, source!, LIMITS.pollMarginMs - 1)).toEqual({ kind: 'success' });
    expect(polled.world.appended).toHaveLength(0);
    await polled.settle();
    expect(polled.rows.rows).toEqual(polled.expected());
  });

  it('ends with a drain, whatever is left to read (I13)', async () => {
    const polled = new PolledWorld('continuous-unbounded');
    polled.lists.set('xx', words(5, 1));
    await polled.settle();
    const before = polled.rows.rows;
    polled.lists.set('xxxx', words(5, 1));
    for (const subtask of SOURCES) {
      await polled.world.invoke(polled.world.host(), { subtask, request: { kind: 'drain' } });
    }
    await polled.settle();
    expect(polled.rows.rows).toEqual(before);
    const seals = polled.world.appended.filter(({ seal }) => seal === 'finished');
    expect(seals).toHaveLength(SOURCES.length + COUNTERS.length);
  });

  const step = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), count: fc.integer({ min: 0, max: 1500 }) }),
    fc.record({
      kind: fc.constant('tick' as const),
      host: fc.nat({ max: 2 }),
      source: fc.nat({ max: 1 }),
      time: fc.constantFrom(5_000, 600_000),
    }),
    fc.record({
      kind: fc.constant('fault' as const),
      fault: fc.constantFrom<AppendFault>('lost', 'landed-but-error'),
    }),
    fc.record({ kind: fc.constant('restart' as const), host: fc.nat({ max: 2 }) }),
    fc.record({ kind: fc.constant('deliver' as const), host: fc.nat({ max: 2 }) }),
  );

  it.each(['bounded', 'continuous-unbounded'] as const)(
    'I7, I9: counts every word once, whichever process polls and whatever fails (%s)',
    async (boundedness) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          const polled = new PolledWorld(boundedness);
          const hosts = [0, 1, 2].map(() => polled.world.host());
          if (boundedness === 'bounded') {
            for (const name of ['x', 'xx', 'xxx']) polled.lists.set(name, words(700, name.length));
          }
          for (const one of steps) {
            polled.world.now += 1000;
            if (one.kind === 'add' && boundedness === 'continuous-unbounded') {
              polled.lists.set('x'.repeat(polled.lists.size + 1), words(one.count, one.count));
            } else if (one.kind === 'tick') {
              await polled.tick(hosts[one.host]!, SOURCES[one.source]!, one.time);
            } else if (one.kind === 'fault') polled.world.appendFaults.push(one.fault);
            else if (one.kind === 'restart') hosts[one.host] = polled.world.host();
            else if (one.kind === 'deliver') await polled.world.drain(hosts[one.host]!, COUNTERS);
          }
          polled.world.appendFaults = [];
          await polled.settle();
          expect(polled.world.failures).toEqual([]);
          expect(polled.rows.rows).toEqual(polled.expected());
        }),
        { numRuns: 60 },
      );
    },
    60_000,
  );
});
