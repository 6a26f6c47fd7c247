/** What comes to a subtask behind its finished seal. */
import { describe, expect, it } from 'vitest';
import { encodeFrame } from '../../../../lib/core/codec/frame-codec.ts';
import { FencedError } from '../../../../lib/core/errors.ts';
import type { Frame, WatermarkHint } from '../../../../lib/core/log/frame.ts';
import type { DeliveredRecord } from '../../../../lib/runtime/invocation/invocation-input.ts';
import { wordBytes } from './count-programs.ts';
import { counter, InvocationWorld, ROUTER, RUN, sequentialCounts } from './invocation-world.ts';

const WORDS = ['b', 'a', 'd', 'b'];
const LATE = '1000';

/** A world whose job has ended, and what the stream of counter 0 has brought. */
async function finishedWorld(): Promise<{ world: InvocationWorld; brought: readonly DeliveredRecord[] }> {
  const world = new InvocationWorld();
  world.feed(WORDS, true);
  await world.drain(world.host());
  const { items } = await world.memoryLog.readFrom(counter(0), 1, 100);
  expect(items.at(-1)?.seal).toBe('finished');
  world.positions.clear();
  return { world, brought: world.pending(counter(0)) };
}

function record(message: Frame | WatermarkHint, sequenceNumber = LATE): DeliveredRecord {
  return { shardId: 'own', sequenceNumber, bytes: encodeFrame(message), arrivedAt: 0 };
}

const HINT: WatermarkHint = {
  ...{ kind: 'hint', run: RUN, upstream: 'route/0', target: 'count/0', edge: 'e0' },
  ...{ afterCseq: 1, watermark: 5, idle: false },
};

function frame(change: Partial<Frame>): Frame {
  const records = [{ keyGroup: 0, value: 'b', timestamp: 0 }];
  return {
    ...{ kind: 'frame', run: RUN, upstream: 'route/0', target: 'count/0', edge: 'e0', cseq: 1 },
    ...{ version: 1, epoch: 0, endOfInput: false, runs: [{ watermark: 0, idle: false, records }] },
    ...change,
  };
}

describe('I13: behind the finished seal of a log', () => {
  it('a frame that was consumed is processed, although no position can pass it any more', async () => {
    const { world, brought } = await finishedWorld();
    const again = brought.map((one, i) => ({ ...one, sequenceNumber: String(1000 + i) }));
    expect(again.length).toBeGreaterThan(0);
    for (const records of [again, [...brought, ...again]]) {
      expect(await world.invoke(world.host(), { subtask: counter(0), records })).toEqual({ kind: 'success' });
    }
    expect(world.outputs).toEqual(sequentialCounts(WORDS));
    expect(world.failures).toEqual([]);
  });

  it('a hint, and what is of another run, are processed', async () => {
    const { world } = await finishedWorld();
    const records = [record(HINT), record(frame({ run: 'run-0', cseq: 99 }))];
    expect(await world.invoke(world.host(), { subtask: counter(0), records })).toEqual({ kind: 'success' });
  });

  it('a frame that was not consumed fails the run', async () => {
    const { world, brought } = await finishedWorld();
    const records = [record(HINT, '999'), record(frame({ cseq: brought.length + 1 }))];
    const outcome = await world.invoke(world.host(), { subtask: counter(0), records });
    expect(outcome).toMatchObject({ kind: 'failed', firstUncommitted: LATE, error: { code: 'INVARIANT' } });
    expect(world.failures).toHaveLength(1);
  });

  it('a frame for another subtask is not processed, whatever its number', async () => {
    const { world } = await finishedWorld();
    const records = [record(frame({ target: 'count/1' }))];
    const outcome = await world.invoke(world.host(), { subtask: counter(0), records });
    expect(outcome).toMatchObject({ kind: 'failed', firstUncommitted: LATE });
  });

  it('bytes that are no frame fail what comes from them on', async () => {
    const { world, brought } = await finishedWorld();
    const broken = { ...brought[0]!, sequenceNumber: LATE, bytes: Uint8Array.of(1, 2, 3) };
    const outcome = await world.invoke(world.host(), { subtask: counter(0), records: [...brought, broken] });
    expect(outcome).toMatchObject({ kind: 'failed', firstUncommitted: LATE });
  });

  it('I8: a record of a shard that was never consumed is not processed, and the run goes on', async () => {
    const { world } = await finishedWorld();
    for (const shardId of ['shard-of-route/0', 'split-of-another']) {
      const late = { shardId, sequenceNumber: LATE, bytes: wordBytes('b'), arrivedAt: 0 };
      const consumed = { ...late, shardId: 'shard-of-route/0', sequenceNumber: '1' };
      const outcome = await world.invoke(world.host(), { subtask: ROUTER, records: [consumed, late] });
      expect(outcome).toMatchObject({
        kind: 'failed',
        firstUncommitted: LATE,
        error: { code: 'IO_FAILED', message: expect.stringContaining(shardId) },
      });
    }
    expect(world.failures).toEqual([]);
  });

  it('nothing of other code is processed', async () => {
    const { world, brought } = await finishedWorld();
    const again = { ...brought[0]!, sequenceNumber: LATE };
    const outcome = await world.invoke(world.host('code-2'), { subtask: counter(0), records: [again] });
    expect(outcome).toMatchObject({ kind: 'failed', firstUncommitted: LATE, error: expect.any(FencedError) });
  });
});
