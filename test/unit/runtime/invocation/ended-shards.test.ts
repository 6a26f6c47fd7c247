/** A source with two shards that end one after the other, whoever reads their ends. */
import { describe, expect, it } from 'vitest';
import { defineJob } from '../../../../lib/api/define-job.ts';
import { WatermarkStrategy } from '../../../../lib/api/watermark-strategy.ts';
import { decodeEntry, encodeEntry } from '../../../../lib/core/codec/entry-codec.ts';
import { decodeFrame } from '../../../../lib/core/codec/frame-codec.ts';
import { RetryableError } from '../../../../lib/core/errors.ts';
import type { EntryPayload } from '../../../../lib/core/log/entry-payload.ts';
import type { Frame } from '../../../../lib/core/log/frame.ts';
import type { SubtaskId } from '../../../../lib/core/log/subtask-id.ts';
import { MAX_WATERMARK } from '../../../../lib/core/time.ts';
import type { DeliveredRecord } from '../../../../lib/runtime/invocation/invocation-input.ts';
import { TaskProgramFactory } from '../../../../lib/runtime/invocation/task-program-factory.ts';
import { InvocationWorld, RUN } from './invocation-world.ts';
import { KeptRows, PushedWords, type Word, wordRecord } from './pushed-words.ts';

const WORDS: SubtaskId = { run: RUN, vertex: 'words', subtask: 0 };
const SHARDS = ['left', 'right'] as const;
const ENDED = { watermark: MAX_WATERMARK, idle: false, ended: true };

function createWorld(): InvocationWorld {
  const job = defineJob('shards', (env) => {
    env
      .fromSource(
        new PushedWords(),
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
        shardsOf: ({ vertex }) => (vertex === 'words' ? SHARDS : []),
      }),
  });
}

function record(shardId: string, at: number, endOfShard = false): DeliveredRecord {
  const bytes = wordRecord({ word: `${shardId}${at}`, at });
  return { shardId, sequenceNumber: String(at), bytes, arrivedAt: 0, endOfShard };
}

/** What the log of the source says, version by version. */
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

function wordsOf(frames: readonly Frame[]): readonly string[] {
  // The records are words that `PushedWords` has read.
  return frames.flatMap(({ runs }) =>
    runs.flatMap(({ records }) => records.map(({ value }) => (value as Word).word)),
  );
}

const watermarkOf = (frame: Frame | undefined) => frame?.runs.at(-1)?.watermark;
const sealsOf = (world: InvocationWorld) => world.appended.filter(({ seal }) => seal === 'finished');

describe('the last record of a shard', () => {
  it('I7: ends the shard in the version that consumes it', async () => {
    const world = createWorld();
    const records = [record('left', 1), record('left', 2, true), record('right', 1)];
    expect(await world.invoke(world.host(), { subtask: WORDS, records })).toEqual({ kind: 'success' });
    const [entry, ...more] = entriesOf(world);
    expect(more).toEqual([]);
    expect(entry?.positions).toEqual({ left: '2', right: '1' });
    expect(entry?.watermarks).toEqual({ 'left#': ENDED });
  });

  it('I13: of the last shard brings the end of the input, and the finished seal behind it', async () => {
    const world = createWorld();
    const host = world.host();
    await world.invoke(host, { subtask: WORDS, records: [record('left', 1, true)] });
    expect(framesOf(world).some(({ endOfInput }) => endOfInput)).toBe(false);
    await world.invoke(host, { subtask: WORDS, records: [record('right', 1, true)] });
    expect(framesOf(world).at(-1)).toMatchObject({ endOfInput: true });
    expect(watermarkOf(framesOf(world).at(-1))).toBe(MAX_WATERMARK);
    expect(world.appended.map(({ kind }) => kind)).toEqual(['data', 'data', 'seal']);
  });

  it('makes no version when it comes again, and is not read again', async () => {
    const world = createWorld();
    const records = [record('left', 1), record('left', 2, true)];
    for (const host of [world.host(), world.host()]) {
      expect(await world.invoke(host, { subtask: WORDS, records })).toEqual({ kind: 'success' });
    }
    expect(world.appended).toHaveLength(1);
    expect(wordsOf(framesOf(world))).toEqual(['left1', 'left2']);
  });

  it('ends a shard whose position comes from the run before, and is not read again', async () => {
    const world = createWorld();
    const payload = encodeEntry({
      ...{
        operators: [],
        consumed: {},
        watermarks: {},
        produced: {},
        outbox: [],
        intents: [],
        performed: [],
      },
      ...{ parked: { added: [], removed: [] }, inbox: undefined, inboxConsumed: undefined },
      positions: { left: '2', right: '7' },
    });
    await world.memoryLog.append(WORDS, {
      ...{ version: 1, writer: 'restore', kind: 'genesis', epoch: 0, sentThrough: 1, processingTime: 0 },
      ...{ code: 'code-1', due: undefined, inboxPending: false, payload: { kind: 'inline', bytes: payload } },
    });
    const host = world.host();
    const left = [record('left', 1), record('left', 2, true)];
    expect(await world.invoke(host, { subtask: WORDS, records: left })).toEqual({ kind: 'success' });
    expect(entriesOf(world).at(-1)).toMatchObject({ positions: {}, watermarks: { 'left#': ENDED } });
    const right = [record('right', 7, true)];
    expect(await world.invoke(host, { subtask: WORDS, records: right })).toEqual({ kind: 'success' });
    expect(wordsOf(framesOf(world))).toEqual([]);
    expect(sealsOf(world)).toHaveLength(1);
  });
});

describe('a process that catches up over the end of a shard', () => {
  it('I14: waits no more for its watermark', async () => {
    const world = createWorld();
    const [early, other] = [world.host(), world.host()];
    await world.invoke(early, { subtask: WORDS, records: [record('left', 1), record('right', 1)] });
    await world.invoke(other, { subtask: WORDS, records: [record('left', 2, true)] });
    await world.tick(early, WORDS);
    await world.invoke(early, { subtask: WORDS, records: [record('right', 50)] });
    expect(wordsOf(framesOf(world)).at(-1)).toBe('right50');
    expect(watermarkOf(framesOf(world).at(-1))).toBe(49);
  });

  it('knows it when the other shard ends', async () => {
    const world = createWorld();
    const [early, other] = [world.host(), world.host()];
    await world.invoke(early, { subtask: WORDS, records: [record('left', 1), record('right', 1)] });
    await world.invoke(other, { subtask: WORDS, records: [record('left', 2, true)] });
    await world.tick(early, WORDS);
    const last = [record('right', 2, true)];
    expect(await world.invoke(early, { subtask: WORDS, records: last })).toEqual({ kind: 'success' });
    expect(framesOf(world).filter(({ endOfInput }) => endOfInput)).toHaveLength(1);
    expect(sealsOf(world)).toHaveLength(1);
  });

  it.each(['the process that was warm', 'a new process'])(
    'I13: finishes the log in %s, when the one that read the last end died before',
    async (process) => {
      const world = createWorld();
      const [early, other] = [world.host(), world.host()];
      await world.invoke(early, { subtask: WORDS, records: [record('left', 1), record('right', 1)] });
      const refuse = async (): Promise<void> => {
        world.beforeAppend = refuse;
        throw new RetryableError('IO_FAILED', 'Nobody answers.');
      };
      world.beforeAppend = async () => {
        world.beforeAppend = refuse;
      };
      const ends = [record('left', 2, true), record('right', 2, true)];
      await world.invoke(other, { subtask: WORDS, records: ends });
      world.beforeAppend = undefined;
      expect(sealsOf(world)).toEqual([]);

      await world.tick(process === 'a new process' ? world.host() : early, WORDS);
      expect(framesOf(world).filter(({ endOfInput }) => endOfInput)).toHaveLength(1);
      expect(sealsOf(world)).toHaveLength(1);
      expect(wordsOf(framesOf(world))).toEqual(['left1', 'right1', 'left2', 'right2']);
    },
  );
});
