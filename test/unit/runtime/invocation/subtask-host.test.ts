import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encodeEntry } from '../../../../lib/core/codec/entry-codec.ts';
import { encodeFrame } from '../../../../lib/core/codec/frame-codec.ts';
import { encodeInbox } from '../../../../lib/core/codec/inbox-codec.ts';
import { InvariantError } from '../../../../lib/core/errors.ts';
import { LIMITS } from '../../../../lib/core/limits.ts';
import type { EntryPayload } from '../../../../lib/core/log/entry-payload.ts';
import type { Frame } from '../../../../lib/core/log/frame.ts';
import type { LogItem } from '../../../../lib/core/log/log-item.ts';
import type { SubtaskId } from '../../../../lib/core/log/subtask-id.ts';
import { PRODUCTION_RULES } from '../../../../lib/protocol/rules.ts';
import { counter, InvocationWorld, ROUTER, sequentialCounts } from './invocation-world.ts';

const WORDS = ['a', 'b', 'a', 'c', 'b', 'a', 'd', 'a'];

const NOTHING: EntryPayload = {
  ...{ operators: [], positions: {}, consumed: {}, watermarks: {}, produced: {} },
  ...{ parked: { added: [], removed: [] }, inbox: undefined, inboxConsumed: undefined },
  ...{ outbox: [], intents: [], performed: [] },
};

/** Appends what a coordinator would: an item without user code. */
async function appendHeadless(
  world: InvocationWorld,
  subtask: SubtaskId,
  change: Partial<LogItem>,
): Promise<void> {
  const scan = await world.memoryLog.readFrom(subtask, 1, 1000);
  const head = scan.items.at(-1);
  const result = await world.memoryLog.append(subtask, {
    version: (head?.version ?? 0) + 1,
    writer: `coordinator-${(head?.version ?? 0) + 1}`,
    kind: 'epoch',
    epoch: head?.epoch ?? 0,
    sentThrough: head?.sentThrough ?? 0,
    processingTime: head?.processingTime ?? 0,
    code: 'code-1',
    due: undefined,
    inboxPending: false,
    payload: { kind: 'inline', bytes: encodeEntry(NOTHING) },
    ...change,
  });
  expect(result.kind).toBe('accepted');
}

describe('a subtask host', () => {
  it('brings every word to its count exactly once', async () => {
    const world = new InvocationWorld();
    world.feed(WORDS);
    await world.drain(world.host());
    expect(world.outputs).toEqual(sequentialCounts(WORDS));
    expect(world.performances.length).toBe(WORDS.length);
  });

  it('costs one put and no read for each batch while it is warm', async () => {
    const world = new InvocationWorld();
    const host = world.host();
    world.feed(['a']);
    await world.deliver(host, ROUTER);
    const { reads, appended } = world;
    const before = appended.length;
    world.feed(['a', 'b']);
    await world.deliver(host, ROUTER);
    expect(world.reads - reads).toBe(0);
    expect(appended.length - before).toBe(1);
  });

  it('drops what is delivered twice, in batches of other sizes too', async () => {
    const world = new InvocationWorld();
    const host = world.host();
    world.feed(WORDS);
    const records = world.pending(ROUTER);
    for (const [from, to] of [
      [0, 3],
      [0, 5],
      [2, 4],
      [0, 8],
      [0, 8],
    ] as const) {
      const outcome = await world.invoke(host, { subtask: ROUTER, records: records.slice(from, to) });
      expect(outcome.kind).toBe('success');
    }
    await world.drain(host);
    expect(world.outputs).toEqual(sequentialCounts(WORDS));
  });

  it('lets two processes alternate', async () => {
    const world = new InvocationWorld();
    const hosts = [world.host(), world.host()];
    for (const [i, word] of WORDS.entries()) {
      world.feed([word]);
      const host = hosts[i % 2]!;
      await world.deliver(host, ROUTER);
      await world.deliver(host, counter(0));
      await world.deliver(host, counter(1));
    }
    await world.drain(hosts[0]!);
    expect(world.outputs).toEqual(sequentialCounts(WORDS));
  });
});

describe('I1, I2: puts', () => {
  it('repeats the identical item after an outcome that nobody knows', async () => {
    for (const fault of ['lost', 'landed-but-error'] as const) {
      const world = new InvocationWorld();
      world.feed(WORDS);
      world.appendFaults = [fault];
      expect(await world.deliver(world.host(), ROUTER)).toEqual({ kind: 'success' });
      expect(world.appended.length).toBe(1);
      await world.drain(world.host());
      expect(world.outputs).toEqual(sequentialCounts(WORDS));
    }
  });

  it('gives up when the outcome stays unknown, and redelivery finds what happened', async () => {
    const world = new InvocationWorld();
    world.feed(WORDS);
    const host = world.host();
    world.appendFaults = Array.from({ length: LIMITS.invocationTriesMax }, () => 'lost' as const);
    const outcome = await world.deliver(host, ROUTER);
    expect(outcome).toMatchObject({ kind: 'failed', firstUncommitted: '1' });
    expect(host.cachedVersion(ROUTER)).toBeUndefined();
    await world.drain(host);
    expect(world.outputs).toEqual(sequentialCounts(WORDS));
  });

  it('discards what it did when another process has put the version', async () => {
    const world = new InvocationWorld();
    const [one, other] = [world.host(), world.host()];
    world.feed(WORDS.slice(0, 3));
    await world.deliver(one, ROUTER, 1);
    const records = world.pending(ROUTER);
    world.beforeAppend = async () => {
      await world.invoke(other, { subtask: ROUTER, records: records.slice(0, 1) });
    };
    expect(await world.deliver(one, ROUTER)).toEqual({ kind: 'success' });
    world.feed(WORDS.slice(3));
    await world.drain(one);
    expect(world.outputs).toEqual(sequentialCounts(WORDS));
  });

  it('runs user code once when only epochs of a coordinator were faster', async () => {
    const world = new InvocationWorld();
    const host = world.host();
    world.feed(WORDS.slice(0, 4));
    await world.deliver(host, ROUTER);
    world.feed(WORDS.slice(4));
    world.beforeAppend = () => appendHeadless(world, ROUTER, { epoch: 3 });
    const programs = world.programs.length;
    expect(await world.deliver(host, ROUTER)).toEqual({ kind: 'success' });
    expect(world.programs.length).toBe(programs);
    expect(world.appended.at(-1)).toMatchObject({ version: 3, epoch: 3, kind: 'data' });
    await world.drain(host);
    expect(world.outputs).toEqual(sequentialCounts(WORDS));
    const counted = await world.memoryLog.readFrom(counter(0), 1, 100);
    expect(counted.items.at(-1)?.epoch, 'I10: epochs travel with frames').toBe(3);
  });
});

describe('I4, I5: outboxes', () => {
  it('sends after a crash between commit and send what the log holds', async () => {
    const world = new InvocationWorld();
    world.feed(WORDS);
    world.sendFaults = Array.from({ length: LIMITS.invocationTriesMax }, () => 'throw' as const);
    expect((await world.deliver(world.host(), ROUTER)).kind).toBe('failed');
    expect(world.pending(counter(0))).toEqual([]);
    const later = world.host();
    expect(await world.deliver(later, ROUTER)).toEqual({ kind: 'success' });
    await world.drain(later);
    expect(world.outputs).toEqual(sequentialCounts(WORDS));
    expect((await world.memoryLog.readFrom(ROUTER, 1, 100)).items.length).toBe(1);
  });

  it('sends only what failed again', async () => {
    const world = new InvocationWorld();
    world.feed(WORDS);
    world.sendFaults = ['fail-odd', 'fail-all'];
    expect(await world.deliver(world.host(), ROUTER)).toEqual({ kind: 'success' });
    expect(world.streams.poll('count/0').length + world.streams.poll('count/1').length).toBe(2);
  });

  it('settles once on a tick, and then never again', async () => {
    const world = new InvocationWorld();
    const host = world.host();
    world.feed(WORDS);
    await world.drain(host);
    const before = world.appended.length;
    for (let i = 0; i < 3; i++) await world.tick(host, ROUTER);
    for (let i = 0; i < 3; i++) await world.tick(world.host(), counter(0));
    expect(world.appended.length - before).toBe(2);
    const scan = await world.memoryLog.readFrom(ROUTER, 1, 100);
    expect(scan.items.at(-1)).toMatchObject({ version: 2, sentThrough: 2 });
  });

  it('does not send again what a later batch proves to be sent', async () => {
    const world = new InvocationWorld();
    world.feed(WORDS.slice(0, 4));
    await world.deliver(world.host(), ROUTER);
    const sent = world.streams.poll('count/0').length;
    world.feed(['d']);
    await world.deliver(world.host(), ROUTER);
    expect(world.streams.poll('count/0').length).toBe(sent + 1);
  });
});

describe('I8: reports', () => {
  it('fails everything that is not committed when time is over', async () => {
    const world = new InvocationWorld();
    world.feed(WORDS);
    const records = world.pending(ROUTER);
    const outcome = await world.invoke(world.host(), { subtask: ROUTER, records, deadline: world.now + 1 });
    expect(outcome).toMatchObject({ kind: 'failed', firstUncommitted: '1' });
  });

  it('fails the run when user code fails, and keeps what came before', async () => {
    const world = new InvocationWorld();
    const host = world.host();
    world.feed(['a', 'b']);
    await world.deliver(host, ROUTER);
    world.feed(['c', '!']);
    expect(await world.deliver(host, ROUTER)).toMatchObject({ kind: 'failed', firstUncommitted: '3' });
    expect(world.failures.length).toBe(1);
    expect(host.cachedVersion(ROUTER), 'I9').toBeUndefined();
  });

  it('commits nothing to the log of other code', async () => {
    const world = new InvocationWorld();
    world.feed(['a']);
    await world.deliver(world.host(), ROUTER);
    world.feed(['b']);
    const outcome = await world.deliver(world.host('code-2'), ROUTER);
    expect(outcome).toMatchObject({ kind: 'failed', firstUncommitted: '2' });
    expect(world.failures).toEqual([]);
    expect(world.appended.length).toBe(1);
  });
});

describe('I13: seals', () => {
  it('ends with a finished log once the end has come to everybody', async () => {
    const world = new InvocationWorld();
    const host = world.host();
    world.feed(WORDS, true);
    await world.drain(host);
    expect(world.outputs).toEqual(sequentialCounts(WORDS));
    for (const subtask of [ROUTER, counter(0), counter(1)]) {
      const { items } = await world.memoryLog.readFrom(subtask, 1, 100);
      const head = items.at(-1);
      expect(head).toMatchObject({ kind: 'seal', seal: 'finished' });
      expect(head?.sentThrough).toBe(head?.version);
    }
    const again = await world.invoke(world.host(), {
      subtask: ROUTER,
      records: [{ ...firstWord(world), sequenceNumber: '1' }],
    });
    expect(again).toEqual({ kind: 'success' });
  });

  it('reports nothing as processed behind the seal of a savepoint', async () => {
    const world = new InvocationWorld();
    world.feed(WORDS);
    const records = world.pending(ROUTER);
    await world.deliver(world.host(), ROUTER);
    await appendHeadless(world, ROUTER, { kind: 'seal', seal: 'savepoint' });
    const outcome = await world.invoke(world.host(), { subtask: ROUTER, records });
    expect(outcome).toMatchObject({ kind: 'failed', firstUncommitted: '1' });
    expect(world.failures).toEqual([]);
  });
});

describe('I6: order of frames', () => {
  it('parks what comes ahead of a gap and consumes it behind', async () => {
    const world = new InvocationWorld();
    const host = world.host();
    for (const word of ['b', 'd', 'b', 'd']) {
      world.feed([word]);
      await world.deliver(host, ROUTER);
    }
    const records = world.pending(counter(0));
    expect(records.length).toBe(4);
    const shuffled = [3, 1, 0, 2, 1].map((i, at) => ({ ...records[i]!, sequenceNumber: String(at + 1) }));
    for (const record of shuffled) {
      expect(await world.invoke(world.host(), { subtask: counter(0), records: [record] })).toEqual({
        kind: 'success',
      });
    }
    expect(world.outputs).toEqual(sequentialCounts(['b', 'd', 'b', 'd']));
  });

  it('fetches what never comes from the log of the sender', async () => {
    const world = new InvocationWorld();
    const host = world.host();
    for (const word of ['b', 'd', 'b']) {
      world.feed([word]);
      await world.deliver(host, ROUTER);
    }
    const records = world.pending(counter(0));
    await world.invoke(host, { subtask: counter(0), records: records.slice(2) });
    expect(world.outputs).toEqual([]);
    const { items } = await world.memoryLog.readFrom(counter(0), 1, 10);
    expect(items.at(-1)?.due).toBe(world.now + LIMITS.channelGapMs);
    world.now += LIMITS.channelGapMs;
    expect(await world.tick(world.host(), counter(0))).toEqual({ kind: 'success' });
    expect(world.outputs).toEqual(sequentialCounts(['b', 'd', 'b']));
  });
});

describe('I3: the ring', () => {
  it('folds the log before it overwrites anything', async () => {
    const world = new InvocationWorld({ ringSize: 8 });
    const words = Array.from({ length: 40 }, (_, i) => WORDS[i % WORDS.length]!);
    const hosts = [world.host(), world.host()];
    for (const [i, word] of words.entries()) {
      world.feed([word]);
      await world.drain(hosts[i % 2]!);
    }
    expect(world.outputs).toEqual(sequentialCounts(words));
    expect((await world.memoryLog.readBase(ROUTER))?.version).toBeGreaterThan(30);
    await world.deliver(world.host(), ROUTER);
    expect(world.programs.at(-1)?.counts.get('all')).toBe(40);
  });

  it('goes on when the base moves, and the one before is collected, while it is read', async () => {
    const world = new InvocationWorld({ ringSize: 8 });
    const words = Array.from({ length: 40 }, (_, i) => WORDS[i % WORDS.length]!);
    const get = world.objects.get.bind(world.objects);
    let [reads, missed] = [0, 0];
    world.objects.get = async (name) => {
      if (!name.startsWith('base/') || ++reads % 2 === 0) return get(name);
      missed++;
      return undefined;
    };
    const host = world.host();
    for (const word of words) {
      world.feed([word]);
      await world.drain(host);
    }
    expect(missed).toBeGreaterThan(3);
    expect(world.failures).toEqual([]);
    expect(world.outputs).toEqual(sequentialCounts(words));
  });
});

describe('I9: the cache', () => {
  it('stops an invocation that a newer one has followed', async () => {
    const world = new InvocationWorld();
    const host = world.host();
    world.feed(['a']);
    const records = world.pending(ROUTER);
    let thaw = (): void => {};
    world.beforeAppend = () => new Promise<void>((resolve) => (thaw = resolve));
    const frozen = world.invoke(host, { subtask: ROUTER, records });
    await new Promise((resolve) => setImmediate(resolve));
    expect(await world.deliver(host, ROUTER)).toEqual({ kind: 'success' });
    thaw();
    expect((await frozen).kind).toBe('failed');
    expect(world.appended.length).toBe(1);
    expect(host.cachedVersion(ROUTER)).toBe(1);
  });

  it('needs its rules: a dirty replica that goes back to the cache counts twice', async () => {
    const world = new InvocationWorld({ rules: { ...PRODUCTION_RULES, mayReturnToCache: () => true } });
    const host = world.host();
    world.feed(['b']);
    await world.deliver(host, ROUTER);
    world.appendFaults = Array.from({ length: LIMITS.invocationTriesMax }, () => 'lost' as const);
    await world.deliver(host, counter(0));
    await world.drain(host);
    expect(world.outputs).not.toEqual(sequentialCounts(['b']));
  });
});

describe('objects beside the log', () => {
  it('holds large payloads under names of their own attempt', async () => {
    const world = new InvocationWorld();
    // Words that no compression makes small.
    const wordOf = (i: number): string => createHash('sha256').update(String(i)).digest('base64');
    const words = Array.from({ length: 1000 }, (_, i) => wordOf(i));
    world.feed(words);
    await world.drain(world.host());
    expect(world.appended.some(({ payload }) => payload.kind === 'spilled')).toBe(true);
    expect(world.outputs).toEqual(sequentialCounts(words));
    await world.drain(world.host());
    const names = [];
    for await (const { name } of world.objects.list('spill/')) names.push(name);
    const spilled = world.appended.flatMap(({ payload }) => (payload.kind === 'spilled' ? payload.key : []));
    expect(names).toEqual(spilled.toSorted());
  });

  it('consumes an inbox in bounded versions before anything else', async () => {
    const world = new InvocationWorld();
    const count = LIMITS.inboxFramesPerVersion + 10;
    const frames = Array.from({ length: count }, (_, i): Frame => inherited(i + 1));
    await world.objects.put('inbox/a', encodeInbox(frames.slice(0, 100)));
    await world.objects.put('inbox/b', encodeInbox(frames.slice(100)));
    const inbox = { objects: ['inbox/a', 'inbox/b'], frames: count };
    const bytes = encodeEntry({ ...NOTHING, inbox });
    await appendHeadless(world, counter(0), {
      ...{ kind: 'genesis', sentThrough: 1, inboxPending: true },
      payload: { kind: 'inline', bytes },
    });
    const genesis = { subtask: counter(0), request: { kind: 'genesis' } } as const;
    expect(await world.invoke(world.host(), genesis)).toEqual({ kind: 'success' });
    expect(world.appended.map(({ inboxPending }) => inboxPending)).toEqual([true, false]);
    expect(world.outputs).toEqual(sequentialCounts(frames.map(() => 'b')));
    await world.invoke(world.host(), genesis);
    expect(world.appended.length).toBe(2);
  });
});

describe('streams', () => {
  it('stops the run when a stream takes a frame for somebody else', async () => {
    const world = new InvocationWorld();
    world.feed(WORDS);
    world.sendFaults = ['resharded'];
    expect((await world.deliver(world.host(), ROUTER)).kind).toBe('failed');
    expect(world.failures).toEqual([expect.any(InvariantError)]);
  });

  it('I15: drops frames of another run and counts them', async () => {
    const world = new InvocationWorld();
    const bytes = encodeFrame({ ...inherited(1), run: 'run-0' });
    const record = { shardId: 'own', sequenceNumber: '1', bytes, arrivedAt: 0 };
    const outcome = await world.invoke(world.host(), { subtask: counter(0), records: [record] });
    expect(outcome).toEqual({ kind: 'success' });
    expect(world.outputs).toEqual([]);
    expect(Object.fromEntries(world.counts)).toEqual({ 'count/0 numFramesOfOtherRuns': 1 });
  });
});

function inherited(cseq: number): Frame {
  const records = [{ keyGroup: 0, value: 'b', timestamp: 0 }];
  return {
    ...{ kind: 'frame', run: 'run-0', upstream: 'route/3', target: 'count/0', edge: 'e0', cseq },
    ...{ version: 1, epoch: 0, endOfInput: false, runs: [{ watermark: 0, idle: false, records }] },
  };
}

function firstWord(world: InvocationWorld) {
  world.positions.delete('route/0');
  return world.pending(ROUTER)[0]!;
}
