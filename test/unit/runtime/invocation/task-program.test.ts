import { describe, expect, it } from 'vitest';
import { defineJob } from '../../../../lib/api/define-job.ts';
import { WatermarkStrategy } from '../../../../lib/api/watermark-strategy.ts';
import { TumblingEventTimeWindows } from '../../../../lib/api/windows/tumbling-event-time-windows.ts';
import { decodeEntry } from '../../../../lib/core/codec/entry-codec.ts';
import { millis } from '../../../../lib/core/duration.ts';
import type { OperatorDelta } from '../../../../lib/core/log/state-delta.ts';
import type { SubtaskId } from '../../../../lib/core/log/subtask-id.ts';
import type { DeadLetter } from '../../../../lib/ports/dead-letters.ts';
import { StateImage } from '../../../../lib/protocol/state-image.ts';
import { TaskProgramFactory } from '../../../../lib/runtime/invocation/task-program-factory.ts';
import { contentOf } from '../../../state-fold.ts';
import { InvocationWorld, RUN } from './invocation-world.ts';
import { KeptRows, PushedWords, type Word, wordRecord } from './pushed-words.ts';

const WINDOW_MS = 100;
const SOURCES = 2;
const COUNTERS = 2;

function subtasksOf(vertex: string, parallelism: number): readonly SubtaskId[] {
  return Array.from({ length: parallelism }, (_, subtask) => ({ run: RUN, vertex, subtask }));
}

const ALL = [...subtasksOf('words', SOURCES), ...subtasksOf('counts', COUNTERS)];

function countJob(rows: KeptRows) {
  return defineJob('counts', (env) => {
    env
      .fromSource(
        new PushedWords(),
        WatermarkStrategy.forBoundedOutOfOrderness<Word>(millis(50), { timestamp: ({ at }) => at }),
        'words',
      )
      .setParallelism(SOURCES)
      .map(({ word, at }) => {
        if (word === '!') throw new Error('no word');
        return { word, at };
      })
      .setParallelism(SOURCES)
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
      .setParallelism(COUNTERS)
      .sinkTo(rows)
      .setParallelism(COUNTERS);
  });
}

class CountWorld {
  readonly rows = new KeptRows();
  readonly letters: DeadLetter[] = [];
  readonly world: InvocationWorld;

  /** `quietShards`: shards of every source that bring nothing. */
  constructor(ringSize = 64, onError: 'fail' | 'dead-letter' = 'fail', quietShards: readonly string[] = []) {
    const job = countJob(this.rows);
    this.world = new InvocationWorld({
      ringSize,
      job: (world) =>
        new TaskProgramFactory({
          newGraph: () => job.createGraph({ onError }),
          clock: world.clock,
          random: { next: () => 0 },
          deadLetters: { keep: async (kept) => void this.letters.push(...kept.map(({ letter }) => letter)) },
          rules: world.rules,
          shardsOf: ({ vertex, subtask }) => [`shard-of-${vertex}/${subtask}`, ...quietShards],
        }),
    });
  }

  feed(source: number, words: readonly Word[], end = false): void {
    for (const [i, word] of words.entries()) {
      const endOfShard = end && i === words.length - 1;
      this.world.feedShard(`words/${source}`, { bytes: wordRecord(word), endOfShard });
    }
  }
}

/** Words of one source, in disorder within the bound. */
function someWords(seed: number, count: number): readonly Word[] {
  return Array.from({ length: count }, (_, i) => ({
    word: 'abcde'[(i * 7 + seed * 3) % 5]!,
    at: i * 10 + ((i * 13 + seed) % 5) * 10,
  }));
}

function windowCounts(words: readonly Word[]): readonly string[] {
  const counts = Map.groupBy(words, ({ word, at }) => `${word}@${at - (at % WINDOW_MS)}`);
  return [...counts].map(([window, found]) => `${window}=${found.length}`).sort();
}

describe('a job of real operators', () => {
  it.each([64, 8])(
    'counts its windows exactly once over changing processes (ring of %i)',
    async (ringSize) => {
      const counting = new CountWorld(ringSize);
      const { world } = counting;
      const inputs = [someWords(0, 60), someWords(1, 60)];
      let host = world.host();
      for (let at = 0; at < 60; at += 5) {
        for (const [source, words] of inputs.entries()) {
          counting.feed(source, words.slice(at, at + 5), at + 5 >= 60);
        }
        if (at % 10 === 0) host = world.host();
        for (const subtask of ALL) await world.deliver(host, subtask);
        world.now += 1000;
      }
      await world.drain(host, ALL);
      expect(world.failures).toEqual([]);
      expect(counting.rows.rows).toEqual(windowCounts(inputs.flat()));
      for (const subtask of ALL) {
        await world.tick(world.host(), subtask);
        const { items, stop } = await world.memoryLog.readFrom(
          subtask,
          await lastVersion(world, subtask),
          1000,
        );
        expect({ stop, kind: items.at(-1)?.kind }).toEqual({ stop: 'head', kind: 'seal' });
      }
    },
  );

  it('goes on from its base alone', async () => {
    const counting = new CountWorld(4);
    const { world } = counting;
    const words = someWords(2, 40);
    for (const word of words) {
      counting.feed(0, [word]);
      await world.drain(world.host(), ALL);
    }
    counting.feed(0, [{ word: 'z', at: 10_000 }], true);
    counting.feed(1, [{ word: 'z', at: 10_000 }], true);
    await world.drain(world.host(), ALL);
    expect(world.failures).toEqual([]);
    expect(counting.rows.rows).toEqual([...windowCounts(words), 'z@10000=2'].sort());
  });

  it('tells watermarks without records (I14)', async () => {
    const counting = new CountWorld();
    const { world } = counting;
    const host = world.host();
    counting.feed(0, [{ word: 'a', at: 10 }]);
    counting.feed(1, [{ word: 'a', at: 10 }]);
    await world.drain(host, ALL);
    // Both words go to one counter; the other counter hears of time only by hints.
    const [target, other] = [0, 1].toSorted(
      (a, b) => world.streams.poll(`counts/${b}`).length - world.streams.poll(`counts/${a}`).length,
    );
    expect(world.streams.poll(`counts/${other}`).length).toBeGreaterThan(0);
    expect(world.streams.poll(`counts/${target}`).length).toBeGreaterThan(0);
    counting.feed(0, [{ word: 'a', at: 400 }]);
    counting.feed(1, [{ word: 'a', at: 400 }]);
    await world.drain(host, ALL);
    expect(counting.rows.rows).toEqual(['a@0=2']);
  });

  it('I9: holds what its log says, from the first version on, of shards without records too', async () => {
    const counting = new CountWorld(64, 'fail', ['quiet']);
    const { world } = counting;
    for (const [source, words] of [someWords(0, 24), someWords(1, 24)].entries()) {
      counting.feed(source, words);
    }
    let host = world.host();
    let compared = 0;
    for (let round = 0; round < 6; round++) {
      for (const subtask of ALL) {
        await world.deliver(host, subtask, 7);
        const replica = host.cachedReplica(subtask);
        if (replica?.opened !== true) continue;
        compared++;
        const logged = await loggedState(world, subtask);
        expect(contentsOf(replica.program.collectAll())).toEqual(contentsOf(logged));
      }
      if (round % 2 === 1) host = world.host();
    }
    expect(compared).toBeGreaterThan(10);
    await world.drain(host, ALL);
    expect(world.failures).toEqual([]);
  });

  it('fails the batch of a shard that is not registered', async () => {
    const { world } = new CountWorld();
    const [subtask] = ALL;
    const bytes = wordRecord({ word: 'a', at: 1 });
    const record = { shardId: 'split-of-another', sequenceNumber: '1', bytes, arrivedAt: 0 };
    const outcome = await world.invoke(world.host(), { subtask: subtask!, records: [record] });
    expect(outcome).toMatchObject({ kind: 'failed', firstUncommitted: '1', error: { code: 'IO_FAILED' } });
    expect(world.failures).toEqual([]);
  });

  it('I16: tells the committer the id of every committable, the same in every attempt', async () => {
    const counting = new CountWorld();
    const { world, rows } = counting;
    rows.failures = 3;
    const inputs = [someWords(0, 30), someWords(1, 30)];
    for (const [source, words] of inputs.entries()) counting.feed(source, words, true);
    for (let round = 0; round < 6; round++) {
      // Each round in a process that knows nothing of the attempts before.
      const host = world.host();
      for (const subtask of ALL) await world.deliver(host, subtask);
    }
    await world.drain(world.host(), ALL);

    expect(rows.rows).toEqual(windowCounts(inputs.flat()));
    const texts = new Set(rows.ids.map(({ text }) => text));
    expect(rows.ids.length).toBeGreaterThan(texts.size);
    expect(texts.size).toBe(rows.parts.size);
    for (const { text, ...fields } of rows.ids) {
      const { lineage, subtask, version, index } = fields;
      expect(text).toBe(`${lineage}/${RUN}/counts/${subtask}/${version}/${index}`);
      expect(fields).toMatchObject({ lineage: 1, index: 0 });
      expect(COUNTERS > subtask && version > 0).toBe(true);
    }
  });

  it('keeps dead letters with the version that met them', async () => {
    const counting = new CountWorld(64, 'dead-letter');
    const { world } = counting;
    counting.feed(
      0,
      [
        { word: 'a', at: 10 },
        { word: '!', at: 20 },
        { word: 'a', at: 30 },
      ],
      true,
    );
    counting.feed(1, [{ word: 'a', at: 40 }], true);
    await world.drain(world.host(), ALL);
    expect(counting.rows.rows).toEqual(['a@0=3']);
    expect(counting.letters.map(({ code }) => code)).toEqual(['FUNCTION_FAILED']);
  });
});

/** What all items of a log that has not come round say together. */
async function loggedState(world: InvocationWorld, subtask: SubtaskId): Promise<readonly OperatorDelta[]> {
  const { items } = await world.memoryLog.readFrom(subtask, 1, 64);
  return items.flatMap(({ payload }) =>
    payload.kind === 'inline' ? decodeEntry(payload.bytes, 'an item').operators : [],
  );
}

function contentsOf(deltas: readonly OperatorDelta[]): Readonly<Record<string, unknown>> {
  const image = new StateImage();
  for (const delta of deltas) image.apply(delta);
  const contents = image.deltas().map((delta) => [delta.operator, contentOf(delta)] as const);
  return Object.fromEntries(contents.sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function lastVersion(world: InvocationWorld, subtask: SubtaskId): Promise<number> {
  const base = await world.memoryLog.readBase(subtask);
  return base?.version ?? 1;
}
