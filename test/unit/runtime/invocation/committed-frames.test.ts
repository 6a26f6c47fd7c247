/** What leaves a subtask against what its log says. */
import { describe, expect, it } from 'vitest';
import { decodeEntry } from '../../../../lib/core/codec/entry-codec.ts';
import { decodeFrame } from '../../../../lib/core/codec/frame-codec.ts';
import { LIMITS } from '../../../../lib/core/limits.ts';
import type { EntryPayload } from '../../../../lib/core/log/entry-payload.ts';
import type { SubtaskId } from '../../../../lib/core/log/subtask-id.ts';
import { counter, InvocationWorld, ROUTER } from './invocation-world.ts';

const LOST = Array.from({ length: LIMITS.invocationTriesMax }, () => 'lost' as const);
const UNSENT = Array.from({ length: LIMITS.invocationTriesMax }, () => 'throw' as const);

async function entriesOf(world: InvocationWorld, subtask: SubtaskId): Promise<readonly EntryPayload[]> {
  const { items } = await world.memoryLog.readFrom(subtask, 1, 100);
  return items.map(({ payload }) => {
    if (payload.kind !== 'inline') throw new Error('The payload is too large for this test.');
    return decodeEntry(payload.bytes, 'an item');
  });
}

/** Frames by target and number, as text. */
function framesOf(
  records: readonly { readonly target: string; readonly bytes: Uint8Array }[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const frames = new Map<string, Set<string>>();
  for (const { target, bytes } of records) {
    const message = decodeFrame(bytes, 'a record');
    if (message.kind === 'hint') continue;
    const name = `${target} ${message.cseq}`;
    frames.set(name, (frames.get(name) ?? new Set()).add(Buffer.from(bytes).toString('base64')));
  }
  return frames;
}

describe('I5: what is sent', () => {
  it('is nothing of a version that is not known to be in the log', async () => {
    const world = new InvocationWorld();
    world.feed(['a', 'b']);
    world.appendFaults = [...LOST];
    expect((await world.deliver(world.host(), ROUTER)).kind).toBe('failed');
    expect(world.sent).toEqual([]);
  });

  it('is nothing of a version whose place another writer has taken', async () => {
    const world = new InvocationWorld();
    const [slow, fast] = [world.host(), world.host()];
    world.feed(['a', 'b']);
    const records = world.pending(ROUTER);
    world.beforeAppend = async () => {
      await world.invoke(fast, { subtask: ROUTER, records: records.slice(0, 1) });
    };
    await world.invoke(slow, { subtask: ROUTER, records });
    const outboxes = (await entriesOf(world, ROUTER)).flatMap(({ outbox }) => outbox);
    expect(framesOf(world.sent)).toEqual(framesOf(outboxes));
  });

  it('has the bytes of the log each time, in whatever process and however often', async () => {
    const world = new InvocationWorld();
    for (const words of [['a', 'b'], ['d'], ['c', 'b', 'a']]) {
      world.feed(words);
      world.sendFaults = ['fail-odd', 'fail-all', ...UNSENT];
      for (let i = 0; i < 4; i++) await world.deliver(world.host(), ROUTER);
      world.now += 1000;
    }
    const outboxes = (await entriesOf(world, ROUTER)).flatMap(({ outbox }) => outbox);
    expect(world.sent.length).toBeGreaterThan(outboxes.length);
    expect(framesOf(world.sent)).toEqual(framesOf(outboxes));
  });
});

describe('I7: the position in a stream of frames', () => {
  it('moves over a frame in the version that parks or consumes it, and in no other', async () => {
    const world = new InvocationWorld();
    for (const word of ['b', 'd', 'b']) {
      world.feed([word]);
      await world.deliver(world.host(), ROUTER);
    }
    const [first, second, third] = world.pending(counter(0)).map(({ bytes }) => bytes);
    for (const [i, bytes] of [third!, first!, third!, second!].entries()) {
      const record = { shardId: 'own', sequenceNumber: String(i + 1), bytes, arrivedAt: 0 };
      await world.invoke(world.host(), { subtask: counter(0), records: [record] });
    }
    const entries = await entriesOf(world, counter(0));
    expect(entries.map(({ positions, consumed, parked }) => ({ positions, consumed, parked }))).toEqual([
      {
        positions: { own: '1' },
        consumed: {},
        parked: { added: [expect.objectContaining({ cseq: 3 })], removed: [] },
      },
      { positions: { own: '2' }, consumed: { 'route/0': 1 }, parked: { added: [], removed: [] } },
      { positions: { own: '3' }, consumed: {}, parked: { added: [], removed: [] } },
      {
        positions: { own: '4' },
        consumed: { 'route/0': 3 },
        parked: { added: [], removed: [{ upstream: 'route/0', cseq: 3 }] },
      },
    ]);
  });

  it('stays where it is with a version that is lost', async () => {
    const world = new InvocationWorld();
    world.feed(['b']);
    await world.deliver(world.host(), ROUTER);
    world.appendFaults = [...LOST];
    const firstUncommitted = world.pending(counter(0))[0]?.sequenceNumber;
    const outcome = await world.deliver(world.host(), counter(0));
    expect(outcome).toMatchObject({ kind: 'failed', firstUncommitted });
    expect(await entriesOf(world, counter(0))).toEqual([]);
  });
});
