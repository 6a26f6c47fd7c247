/** A source whose stream is split and merged while it is read. */
import { describe, expect, it } from 'vitest';
import { defineJob } from '../../../../lib/api/define-job.ts';
import { WatermarkStrategy } from '../../../../lib/api/watermark-strategy.ts';
import { decodeEntry } from '../../../../lib/core/codec/entry-codec.ts';
import { decodeFrame } from '../../../../lib/core/codec/frame-codec.ts';
import type { EntryPayload } from '../../../../lib/core/log/entry-payload.ts';
import type { Frame } from '../../../../lib/core/log/frame.ts';
import type { SubtaskId } from '../../../../lib/core/log/subtask-id.ts';
import { MAX_WATERMARK } from '../../../../lib/core/time.ts';
import type { DeliveredRecord } from '../../../../lib/runtime/invocation/invocation-input.ts';
import { TaskProgramFactory } from '../../../../lib/runtime/invocation/task-program-factory.ts';
import { InvocationWorld, RUN } from './invocation-world.ts';
import { KeptRows, PushedWords, type Word, wordRecord } from './pushed-words.ts';

const WORDS: SubtaskId = { run: RUN, vertex: 'words', subtask: 0 };
const SPLIT = { kind: 'reshard', opened: ['left', 'right'], ended: ['whole'] } as const;

function createWorld(shards: readonly string[] = ['whole']): InvocationWorld {
  const job = defineJob('resharded', (env) => {
    env
      .fromSource(
        new PushedWords('continuous-unbounded'),
        WatermarkStrategy.forMonotonousTimestamps<Word>({ timestamp: ({ at }) => at }),
        'words',
      )
      .keyBy(({ word }) => word)
      .reduce((first, second) => (first.at > second.at ? first : second))
      .uid('latest')
      .map(({ word }) => word)
      .sinkTo(new KeptRows());
  });
  return new InvocationWorld({
    job: ({ clock, rules }) =>
      new TaskProgramFactory({
        newGraph: () => job.createGraph({ parallelism: 1 }),
        ...{ clock, rules, random: { next: () => 0 }, deadLetters: { keep: async () => {} } },
        shardsOf: ({ vertex }) => (vertex === 'words' ? shards : []),
      }),
  });
}

function record(shardId: string, at: number): DeliveredRecord {
  const bytes = wordRecord({ word: `${shardId}${at}`, at });
  return { shardId, sequenceNumber: String(at), bytes, arrivedAt: 0 };
}

function entriesOf(world: InvocationWorld): readonly EntryPayload[] {
  return world.appended.flatMap(({ payload }) =>
    payload.kind === 'inline' ? decodeEntry(payload.bytes, 'an item') : [],
  );
}

function framesOf(world: InvocationWorld): readonly Frame[] {
  return entriesOf(world).flatMap(({ outbox }) =>
    outbox.flatMap(({ bytes }) => {
      const message = decodeFrame(bytes, 'a frame');
      return message.kind === 'frame' ? message : [];
    }),
  );
}

function hintsOf(world: InvocationWorld) {
  return world.sent.flatMap(({ bytes }) => {
    const message = decodeFrame(bytes, 'a message');
    return message.kind === 'hint' ? message : [];
  });
}

const watermarkOf = (frame: Frame | undefined) => frame?.runs.at(-1)?.watermark;

describe('a stream that is split', () => {
  it.each(['the process that was warm', 'a new process'])(
    'I14: holds the watermark back for both parts, in %s',
    async (process) => {
      const world = createWorld();
      const first = world.host();
      const later = () => (process === 'a new process' ? world.host() : first);
      await world.invoke(first, { subtask: WORDS, records: [record('whole', 10)] });
      expect(await world.invoke(first, { subtask: WORDS, request: SPLIT })).toEqual({ kind: 'success' });
      await world.invoke(later(), { subtask: WORDS, records: [record('left', 30)] });
      expect(watermarkOf(framesOf(world).at(-1))).toBeLessThan(10);
      await world.invoke(later(), { subtask: WORDS, records: [record('right', 20)] });
      expect(watermarkOf(framesOf(world).at(-1))).toBe(19);
      await world.invoke(later(), { subtask: WORDS, records: [record('right', 40)] });
      expect(watermarkOf(framesOf(world).at(-1))).toBe(29);
    },
  );

  it('is one version, and none when it is told again, by whomever', async () => {
    const world = createWorld();
    for (const host of [world.host(), world.host()]) {
      for (let i = 0; i < 2; i++) await world.invoke(host, { subtask: WORDS, request: SPLIT });
    }
    expect(world.appended).toHaveLength(1);
    expect(entriesOf(world)[0]?.watermarks).toMatchObject({
      'left#': { ended: false },
      'right#': { ended: false },
      'whole#': { watermark: MAX_WATERMARK, ended: true },
    });
  });

  it('refuses the records of a part until it is told, for they come again', async () => {
    const world = createWorld();
    const host = world.host();
    const records = [record('left', 30)];
    expect(await world.invoke(host, { subtask: WORDS, records })).toMatchObject({
      kind: 'failed',
      firstUncommitted: '30',
    });
    expect(world.failures).toEqual([]);
    await world.invoke(host, { subtask: WORDS, request: SPLIT });
    expect(await world.invoke(host, { subtask: WORDS, records })).toEqual({ kind: 'success' });
  });

  it('is known to a process that was warm while another one was told', async () => {
    const world = createWorld();
    const [early, other] = [world.host(), world.host()];
    await world.invoke(early, { subtask: WORDS, records: [record('whole', 10)] });
    await world.invoke(other, { subtask: WORDS, request: SPLIT });
    await world.invoke(other, { subtask: WORDS, records: [record('left', 30)] });
    await world.tick(early, WORDS);
    const records = [record('right', 20)];
    expect(await world.invoke(early, { subtask: WORDS, records })).toEqual({ kind: 'success' });
    expect(watermarkOf(framesOf(world).at(-1))).toBe(19);
  });

  it('I13: is idle, and its input has not ended, when all shards have ended', async () => {
    const world = createWorld();
    const host = world.host();
    await world.invoke(host, { subtask: WORDS, records: [record('whole', 10)] });
    const ended = { kind: 'reshard', opened: [], ended: ['whole'] } as const;
    await world.invoke(host, { subtask: WORDS, request: ended });
    await world.tick(host, WORDS);
    expect(framesOf(world).some(({ endOfInput }) => endOfInput)).toBe(false);
    expect(world.appended.every(({ seal }) => seal === undefined)).toBe(true);
    expect(hintsOf(world).at(-1)).toMatchObject({ idle: true });
    await world.invoke(host, { subtask: WORDS, request: { kind: 'reshard', opened: ['next'], ended: [] } });
    await world.invoke(host, { subtask: WORDS, records: [record('next', 20)] });
    expect(framesOf(world).at(-1)?.runs.at(-1)).toMatchObject({ idle: false, watermark: 19 });
  });
});

describe('a source without a shard', () => {
  it('is idle from its first tick on, and says so again until the log knows that it was sent', async () => {
    const world = createWorld([]);
    await world.tick(world.host(), WORDS);
    expect(hintsOf(world)).toMatchObject([{ idle: true }]);
    expect(world.appended).toHaveLength(1);
    world.sendFaults = ['throw', 'throw'];
    await world.tick(world.host(), WORDS);
    await world.tick(world.host(), WORDS);
    expect(hintsOf(world).at(-1)).toMatchObject({ idle: true });
  });

  it('with a shard begins with one version, and then a tick finds nothing to do', async () => {
    const world = createWorld();
    const host = world.host();
    for (let i = 0; i < 4; i++) {
      world.now += 60_000;
      await world.tick(host, WORDS);
    }
    expect(world.appended.length).toBeLessThanOrEqual(2);
    expect(hintsOf(world)).toEqual([]);
  });
});
