import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineJob } from '../../../../lib/api/define-job.ts';
import { WatermarkStrategy } from '../../../../lib/api/watermark-strategy.ts';
import { TumblingEventTimeWindows } from '../../../../lib/api/windows/tumbling-event-time-windows.ts';
import { readSubtask } from '../../../../lib/coordinator/subtask-reader.ts';
import { millis } from '../../../../lib/core/duration.ts';
import type { SubtaskId } from '../../../../lib/core/log/subtask-id.ts';
import type { InvocationOutcome } from '../../../../lib/runtime/invocation/invocation-input.ts';
import type { SubtaskHost } from '../../../../lib/runtime/invocation/subtask-host.ts';
import { TaskProgramFactory } from '../../../../lib/runtime/invocation/task-program-factory.ts';
import { type AppendFault, InvocationWorld, RUN } from './invocation-world.ts';
import { KeptRows, PushedWords, type Word, wordRecord } from './pushed-words.ts';

const WINDOW_MS = 100;
const SOURCES: readonly SubtaskId[] = [0, 1].map((subtask) => ({ run: RUN, vertex: 'words', subtask }));
const COUNTERS: readonly SubtaskId[] = [0, 1].map((subtask) => ({ run: RUN, vertex: 'counts', subtask }));
const ALL = [...SOURCES, ...COUNTERS];

function countJob(rows: KeptRows) {
  return defineJob('counts', (env) => {
    env
      .fromSource(
        new PushedWords(),
        WatermarkStrategy.forBoundedOutOfOrderness<Word>(millis(50), { timestamp: ({ at }) => at }),
        'words',
      )
      .setParallelism(SOURCES.length)
      .keyBy(({ word }) => word)
      .window(TumblingEventTimeWindows.of(millis(WINDOW_MS)))
      .aggregate(
        {
          createAccumulator: () => ({ count: 0 }),
          add: (sum) => ({ count: sum.count + 1 }),
          getResult: (sum) => sum.count,
          merge: (a, b) => ({ count: a.count + b.count }),
        },
        ({ key, window, value }) => `${key}@${window.start}=${value}`,
      )
      .uid('counts')
      .setParallelism(COUNTERS.length)
      .sinkTo(rows)
      .setParallelism(COUNTERS.length);
  });
}

/** Two sources and two counters of windows, on stores in memory. */
class DrainWorld {
  readonly rows = new KeptRows();
  readonly world: InvocationWorld;
  readonly words: Word[][] = [[], []];

  constructor(ringSize = 64, knownShards = true) {
    const job = countJob(this.rows);
    this.world = new InvocationWorld({
      ringSize,
      job: (world) =>
        new TaskProgramFactory({
          newGraph: () => job.createGraph({}),
          clock: world.clock,
          random: { next: () => 0 },
          deadLetters: { keep: async () => {} },
          rules: world.rules,
          shardsOf: ({ vertex, subtask }) => (knownShards ? [`shard-of-${vertex}/${subtask}`] : []),
        }),
    });
  }

  feed(source: number, words: readonly Word[]): void {
    for (const word of words) {
      this.words[source]!.push(word);
      this.world.feedShard(`words/${source}`, { bytes: wordRecord(word), endOfShard: false });
    }
  }

  drain(host: SubtaskHost, subtask: SubtaskId): Promise<InvocationOutcome> {
    return this.world.invoke(host, { subtask, request: { kind: 'drain' } });
  }

  /** Words up to the positions at which the sources ended. */
  async consumed(): Promise<readonly Word[]> {
    const words: Word[] = [];
    for (const [source, subtask] of SOURCES.entries()) {
      const { fold } = await readSubtask({ log: this.world.memoryLog, objects: this.world.objects }, subtask);
      const position = Number(fold.positions.get(`shard-of-words/${source}`) ?? 0);
      words.push(...this.words[source]!.slice(0, position));
    }
    return words;
  }

  async seals(): Promise<readonly (string | undefined)[]> {
    const { memoryLog: log, objects } = this.world;
    const folds = await Promise.all(ALL.map((subtask) => readSubtask({ log, objects }, subtask)));
    return folds.map(({ fold }) => fold.seal);
  }

  /** Delivers and ticks until nothing waits but what came after the drain. */
  async settle(host: SubtaskHost): Promise<void> {
    for (let round = 0; round < 4; round++) {
      for (const subtask of SOURCES) await this.world.deliver(host, subtask);
      await this.world.drain(host, COUNTERS);
      for (const subtask of ALL) await this.world.tick(host, subtask);
      this.world.now += 60_000;
    }
  }
}

/** Words of one source, in disorder within the bound. */
function someWords(from: number, count: number): readonly Word[] {
  return Array.from({ length: count }, (_, i) => ({
    word: 'abcde'[((from + i) * 7) % 5]!,
    at: (from + i) * 10 + (((from + i) * 13) % 5) * 10,
  }));
}

function windowCounts(words: readonly Word[]): readonly string[] {
  const counts = Map.groupBy(words, ({ word, at }) => `${word}@${at - (at % WINDOW_MS)}`);
  return [...counts].map(([window, found]) => `${window}=${found.length}`).sort();
}

const FINISHED = ALL.map(() => 'finished');

describe('a drain', () => {
  it('fires the windows that are open, and every log ends as finished (I13, I14)', async () => {
    const drained = new DrainWorld();
    const host = drained.world.host();
    drained.feed(0, someWords(0, 7));
    await drained.world.deliver(host, SOURCES[0]!);
    for (const subtask of SOURCES) expect(await drained.drain(host, subtask)).toEqual({ kind: 'success' });
    await drained.world.drain(host, COUNTERS);
    expect(drained.rows.rows).toEqual(windowCounts(drained.words.flat()));
    expect(await drained.seals()).toEqual(FINISHED);
  });

  it('takes two versions of a source, and a second drain takes none', async () => {
    const drained = new DrainWorld();
    const { world } = drained;
    for (const subtask of SOURCES) await drained.drain(world.host(), subtask);
    expect(world.appended).toHaveLength(2 * SOURCES.length);
    for (const subtask of SOURCES) await drained.drain(world.host(), subtask);
    expect(world.appended).toHaveLength(2 * SOURCES.length);
  });

  it('does nothing to a subtask that is no source', async () => {
    const drained = new DrainWorld();
    expect(await drained.drain(drained.world.host(), COUNTERS[0]!)).toEqual({ kind: 'success' });
    expect(drained.world.appended).toEqual([]);
  });

  it('leaves a batch that comes later in its stream, neither consumed nor reported (I8)', async () => {
    const drained = new DrainWorld();
    const { world } = drained;
    const [warm, other] = [world.host(), world.host()];
    const [source] = SOURCES;
    drained.feed(0, someWords(0, 3));
    await world.deliver(warm, source!);
    for (const subtask of SOURCES) await drained.drain(other, subtask);
    drained.feed(0, someWords(3, 2));
    for (const host of [warm, other, world.host()]) {
      const records = world.pending(source!);
      const outcome = await world.invoke(host, { subtask: source!, records });
      expect(outcome).toEqual({ kind: 'failed', firstUncommitted: '4', error: undefined });
    }
    await drained.settle(warm);
    expect(drained.rows.rows).toEqual(windowCounts(drained.words[0]!.slice(0, 3)));
    expect(world.positions.get('words/0')).toBe('3');
  });

  it.each(['batch', 'drain'] as const)('of which the %s wins while both are under way', async (winner) => {
    const drained = new DrainWorld();
    const { world } = drained;
    const [mine, other] = [world.host(), world.host()];
    const [source] = SOURCES;
    drained.feed(0, someWords(0, 4));
    const batch = (host: SubtaskHost) =>
      world.invoke(host, { subtask: source!, records: world.pending(source!) });
    world.beforeAppend = async () => {
      if (winner === 'batch') await batch(other);
      else await drained.drain(other, source!);
    };
    const outcome = await (winner === 'batch' ? drained.drain(mine, source!) : batch(mine));
    expect(outcome.kind).toBe(winner === 'batch' ? 'success' : 'failed');
    await drained.drain(mine, SOURCES[1]!);
    await world.drain(mine, COUNTERS);
    const expected = winner === 'batch' ? windowCounts(drained.words.flat()) : [];
    expect(drained.rows.rows).toEqual(expected);
    expect(await drained.seals()).toEqual(FINISHED);
  });

  it('ends a source that knows of no shard', async () => {
    const drained = new DrainWorld(64, false);
    const host = drained.world.host();
    for (const subtask of SOURCES) await drained.drain(host, subtask);
    await drained.world.drain(host, COUNTERS);
    expect(await drained.seals()).toEqual(FINISHED);
  });

  it('goes on after a process that died between its version and the seal', async () => {
    const drained = new DrainWorld();
    const { world } = drained;
    const host = world.host();
    drained.feed(0, someWords(0, 5));
    await world.deliver(host, SOURCES[0]!);
    // The drain is committed, and nothing of it is sent.
    world.sendFaults = Array.from({ length: 50 }, () => 'fail-all' as const);
    expect(await drained.drain(host, SOURCES[0]!)).toMatchObject({ kind: 'failed' });
    expect(world.appended).toHaveLength(2);
    world.sendFaults = [];
    await drained.drain(world.host(), SOURCES[1]!);
    await drained.settle(world.host());
    expect(drained.rows.rows).toEqual(windowCounts(drained.words.flat()));
    expect(await drained.seals()).toEqual(FINISHED);
  });
});

/** One step of a history. */
interface Step {
  readonly action: 'feed' | 'deliver' | 'drain' | 'tick' | 'restart';
  readonly subtask: number;
  readonly host: number;
  readonly limit: number;
  readonly appendFault: AppendFault;
  readonly sendFault: 'throw' | 'fail-all' | 'fail-odd' | undefined;
  /** What another process does before the put arrives. */
  readonly contender: 'none' | 'deliver' | 'drain';
}

const step: fc.Arbitrary<Step> = fc.record({
  action: fc.constantFrom('feed', 'feed', 'deliver', 'deliver', 'deliver', 'drain', 'tick', 'restart'),
  subtask: fc.nat(3),
  host: fc.nat(2),
  limit: fc.integer({ min: 1, max: 5 }),
  appendFault: fc.constantFrom(undefined, undefined, 'lost', 'landed-but-error'),
  sendFault: fc.constantFrom(undefined, undefined, 'throw', 'fail-all', 'fail-odd'),
  contender: fc.constantFrom('none', 'none', 'deliver', 'drain'),
});

async function act(drained: DrainWorld, hosts: SubtaskHost[], one: Step): Promise<void> {
  const { world } = drained;
  const subtask = ALL[one.subtask]!;
  const host = hosts[one.host]!;
  const rival = hosts[(one.host + 1) % hosts.length]!;
  world.appendFaults = one.appendFault === undefined ? [] : [one.appendFault];
  world.sendFaults = one.sendFault === undefined ? [] : [one.sendFault];
  const records = world.pending(subtask, one.limit);
  if (one.contender === 'deliver') {
    world.beforeAppend = async () =>
      void (await world.invoke(rival, { subtask, records: records.slice(0, 1) }));
  } else if (one.contender === 'drain') {
    world.beforeAppend = async () => void (await drained.drain(rival, subtask));
  }
  if (one.action === 'restart') hosts[one.host] = world.host();
  else if (one.action === 'tick') await world.tick(host, subtask);
  else if (one.action === 'drain') await drained.drain(host, subtask);
  else await world.deliver(host, subtask, one.limit);
  world.beforeAppend = undefined;
}

async function runHistory(steps: readonly Step[], ringSize: number): Promise<void> {
  const drained = new DrainWorld(ringSize);
  const { world } = drained;
  const hosts = [world.host(), world.host(), world.host()];
  const fed = [0, 0];
  for (const one of steps) {
    const source = one.subtask % SOURCES.length;
    if (one.action === 'feed') {
      drained.feed(source, someWords(fed[source]!, one.limit));
      fed[source]! += one.limit;
    } else {
      await act(drained, hosts, one);
    }
    world.now += 1000;
  }
  world.appendFaults = [];
  world.sendFaults = [];
  for (const subtask of SOURCES) await drained.drain(hosts[0]!, subtask);
  await drained.settle(hosts[1]!);
  expect(world.failures).toEqual([]);
  expect(await drained.seals()).toEqual(FINISHED);
  expect(drained.rows.rows).toEqual(windowCounts(await drained.consumed()));
  for (const [source, subtask] of SOURCES.entries()) {
    // Nothing is lost either: the stream stands where the source ended.
    const before = drained.words[source]!.length - world.pending(subtask).length;
    expect(String(before)).toBe(await positionOf(drained, source));
  }
}

async function positionOf({ world }: DrainWorld, source: number): Promise<string> {
  const { fold } = await readSubtask({ log: world.memoryLog, objects: world.objects }, SOURCES[source]!);
  return fold.positions.get(`shard-of-words/${source}`) ?? '0';
}

describe('any history of deliveries, drains, crashes, contenders and faults', () => {
  it('counts what the sources consumed exactly once and leaves the rest (I1 to I9, I13)', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 50 }), fc.constantFrom(8, 64), runHistory), {
      numRuns: 200,
    });
  }, 60_000);
});
