/** What the emulator, as the end-to-end tests start it, has in common with the documentation of AWS. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListShardsCommand,
  MergeShardsCommand,
  type Shard,
  SplitShardCommand,
  UpdateShardCountCommand,
} from '@aws-sdk/client-kinesis';
import { GetEventSourceMappingCommand } from '@aws-sdk/client-lambda';
import { afterAll, describe, expect, it } from 'vitest';
import { startEmulator } from './emulator/emulator.ts';
import { whyNoLocalStack } from './emulator/localstack.ts';
import { type Invocation, samples, TracedFunctions, type TracedStream } from './emulator/traced-function.ts';
import { scaled } from './scale.ts';

const QUIET_MS = 700;
const [FIRST, SECOND, THIRD] = ['shardId-000000000000', 'shardId-000000000001', 'shardId-000000000002'];

// What is tested is the launcher of MiniStack.
const emulator = await startEmulator({ repeats: 0 });
const clients = new TracedFunctions(emulator.endpoint);
afterAll(async () => {
  clients.close();
  await emulator.stop();
});

function namesIn(invocations: readonly Invocation[]): readonly (readonly string[])[] {
  return invocations.map(({ names }) => names);
}

async function shardsOf({ name }: TracedStream): Promise<readonly Shard[]> {
  const { Shards = [] } = await clients.kinesis.send(new ListShardsCommand({ StreamName: name }));
  return Shards;
}

async function openShardsOf({ name }: TracedStream): Promise<number | undefined> {
  const command = new DescribeStreamSummaryCommand({ StreamName: name });
  return (await clients.kinesis.send(command)).StreamDescriptionSummary?.OpenShardCount;
}

/** Splits the one shard of a stream in two even ones. */
async function split({ name }: TracedStream): Promise<void> {
  const NewStartingHashKey = String(1n << 127n);
  const command = { StreamName: name, ShardToSplit: FIRST, NewStartingHashKey };
  await clients.kinesis.send(new SplitShardCommand(command));
}

describe('a mapping from Kinesis', () => {
  it('gathers what comes within its window into one batch', async () => {
    const stream = await clients.create(1);
    await stream.map({ MaximumBatchingWindowInSeconds: 2 });
    const began = Date.now();
    for (const name of ['a', 'b', 'c', 'd']) {
      await stream.put(samples([name]));
      await sleep(50);
    }
    const invocations = await stream.delivered(['a', 'b', 'c', 'd']);
    expect(namesIn(invocations)).toEqual([['a', 'b', 'c', 'd']]);
    expect(invocations[0]?.from).toBeGreaterThanOrEqual(began + 1900);
  });

  it('does not wait for its window when a batch is full', async () => {
    const stream = await clients.create(1);
    await stream.put(samples(['a', 'b', 'c']));
    await stream.map({ MaximumBatchingWindowInSeconds: 3, BatchSize: 3 });
    const began = Date.now();
    const [invocation] = await stream.delivered(['a', 'b', 'c']);
    expect(invocation?.from).toBeLessThan(began + 2500);
  });

  it('delivers a shard in order, one batch at a time', async () => {
    const stream = await clients.create(1);
    const names = Array.from({ length: 30 }, (_, i) => `r${i}`);
    await stream.put(samples(names, { holdMs: 20 }));
    await stream.map({ BatchSize: 4 });
    const invocations = await stream.delivered(names);
    expect(namesIn(invocations).flat()).toEqual(names);
    for (const [i, { from }] of invocations.entries()) {
      expect(from).toBeGreaterThanOrEqual(invocations[i - 1]?.to ?? 0);
    }
  });

  it('delivers shards at the same time', async () => {
    const stream = await clients.create(2);
    await stream.put(samples(['left'], { holdMs: 1500 }), { shard: 0, of: 2 });
    await stream.put(samples(['right'], { holdMs: 1500 }), { shard: 1, of: 2 });
    await stream.map();
    const [one, other] = await stream.delivered(['left', 'right']);
    expect(one?.pid).not.toBe(other?.pid);
    expect(other?.from).toBeLessThan(one?.to ?? 0);
    expect(new Set([one?.shard, other?.shard])).toEqual(new Set([FIRST, SECOND]));
  });

  it('delivers again from the record that is reported as failed', async () => {
    const stream = await clients.create(1);
    await stream.put([
      ...samples(['a', 'b']),
      ...samples(['c'], { fails: 1 }),
      ...samples(['d'], { fails: 1 }),
      ...samples(['e']),
    ]);
    await stream.map();
    const invocations = await stream.delivered(['a', 'b', 'c', 'd', 'e']);
    expect(namesIn(invocations)).toEqual([
      ['a', 'b', 'c', 'd', 'e'],
      ['c', 'd', 'e'],
    ]);
  });

  it('takes reported failures for none unless it is made to look at them', async () => {
    const stream = await clients.create(1);
    await stream.put(samples(['a'], { fails: 1 }));
    await stream.map({ FunctionResponseTypes: [] });
    await expect.poll(() => stream.invocations().length, { timeout: 5000 }).toBe(1);
    await stream.put(samples(['b']));
    expect(namesIn(await stream.delivered(['b']))).toEqual([['a'], ['b']]);
  });

  it('delivers a batch that throws until it does not, and other shards meanwhile', async () => {
    const stream = await clients.create(2);
    await stream.put(samples(['poison'], { throws: 3 }), { shard: 0, of: 2 });
    await stream.put(samples(['behind']), { shard: 0, of: 2 });
    await stream.map({ BatchSize: 1 });
    await expect.poll(() => stream.invocations().length, { timeout: 5000 }).toBeGreaterThan(0);
    await stream.put(samples(['beside']), { shard: 1, of: 2 });
    const invocations = await stream.delivered(['poison', 'behind', 'beside']);
    const first = invocations.filter(({ shard }) => shard === FIRST);
    expect(namesIn(first)).toEqual([['poison'], ['poison'], ['poison'], ['poison'], ['behind']]);
    const beside = invocations.find(({ shard }) => shard === SECOND);
    expect(beside?.from).toBeLessThan(first.at(-1)?.from ?? 0);
    const gaps = first.slice(1, 4).map(({ from }, i) => from - (first[i]?.to ?? 0));
    expect(gaps).toEqual(gaps.toSorted((a, b) => a - b));
  });

  it('cuts a batch before 6 MB', async () => {
    const stream = await clients.create(1);
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    for (const name of names) await stream.put(samples([name], { padding: 'x'.repeat(1_000_000) }));
    await stream.map();
    const invocations = await stream.delivered(names);
    expect(namesIn(invocations).flat()).toEqual(names);
    expect(invocations).toHaveLength(2);
    for (const { bytes } of invocations) expect(bytes).toBeLessThan(6_000_000);
  });

  it('begins at a time', async () => {
    const stream = await clients.create(1);
    await stream.put(samples(['before']));
    await sleep(1100);
    const StartingPositionTimestamp = new Date(Date.now() - 500);
    await stream.put(samples(['after']));
    await stream.map({ StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp });
    expect(namesIn(await stream.delivered(['after']))).toEqual([['after']]);
  });

  it('delivers nothing while it is disabled, and goes on where it was', async () => {
    const stream = await clients.create(1);
    await stream.put(samples(['a']));
    const UUID = await stream.map({ Enabled: false });
    const { State } = await clients.lambda.send(new GetEventSourceMappingCommand({ UUID }));
    expect(State).toBe('Disabled');
    await sleep(QUIET_MS);
    expect(stream.invocations()).toEqual([]);
    await stream.switch(UUID, true);
    await stream.delivered(['a']);
    await stream.switch(UUID, false);
    await stream.put(samples(['b']));
    await sleep(QUIET_MS);
    expect(namesIn(stream.invocations())).toEqual([['a']]);
    await stream.switch(UUID, true);
    expect(namesIn(await stream.delivered(['b']))).toEqual([['a'], ['b']]);
  });
});

describe('a stream that is resharded', () => {
  it('delivers a split shard to its end before its children', async () => {
    const stream = await clients.create(1);
    const parents = ['p0', 'p1', 'p2', 'p3'];
    await stream.put(samples(parents, { holdMs: 150 }));
    await stream.map({ BatchSize: 1 });
    await split(stream);
    await stream.put(samples(['left']), { shard: 0, of: 2 });
    await stream.put(samples(['right']), { shard: 1, of: 2 });
    const invocations = await stream.delivered([...parents, 'left', 'right']);
    expect(namesIn(invocations.slice(0, 4)).flat()).toEqual(parents);
    const children = invocations.slice(4).map(({ shard, names }) => [shard, ...names]);
    expect(children.toSorted()).toEqual([
      [SECOND, 'left'],
      [THIRD, 'right'],
    ]);
  });

  it('keeps a closed shard readable until its end, which names the children', async () => {
    const stream = await clients.create(1);
    await stream.put(samples(['a', 'b']));
    await split(stream);
    expect(await openShardsOf(stream)).toBe(2);
    const [parent, ...children] = await shardsOf(stream);
    expect(parent?.SequenceNumberRange?.EndingSequenceNumber).toMatch(/^\d+$/);
    expect(children.map(({ ParentShardId }) => ParentShardId)).toEqual([FIRST, FIRST]);
    const place = { StreamName: stream.name, ShardId: FIRST, ShardIteratorType: 'TRIM_HORIZON' as const };
    const { ShardIterator } = await clients.kinesis.send(new GetShardIteratorCommand(place));
    const page = await clients.kinesis.send(new GetRecordsCommand({ ShardIterator }));
    expect(page.Records).toHaveLength(2);
    expect(page.NextShardIterator).toBeUndefined();
    expect(page.ChildShards?.map(({ ShardId }) => ShardId)).toEqual([SECOND, THIRD]);
  });

  it('delivers merged shards before their child', async () => {
    const stream = await clients.create(2);
    await stream.put(samples(['a'], { holdMs: 600 }), { shard: 0, of: 2 });
    await stream.put(samples(['b'], { holdMs: 100 }), { shard: 1, of: 2 });
    await stream.map();
    const pair = { ShardToMerge: FIRST, AdjacentShardToMerge: SECOND };
    await clients.kinesis.send(new MergeShardsCommand({ StreamName: stream.name, ...pair }));
    await stream.put(samples(['child']));
    const invocations = await stream.delivered(['a', 'b', 'child']);
    expect(invocations.at(-1)).toMatchObject({ shard: THIRD, names: ['child'] });
    expect(invocations.at(-1)?.from).toBeGreaterThanOrEqual(invocations.at(-2)?.to ?? Number.NaN);
  });

  it('delivers a shard before its grandchildren when its children are empty', async () => {
    const stream = await clients.create(1);
    await stream.put(samples(['a', 'b', 'c'], { holdMs: 200 }));
    await split(stream);
    const pair = { ShardToMerge: SECOND, AdjacentShardToMerge: THIRD };
    await clients.kinesis.send(new MergeShardsCommand({ StreamName: stream.name, ...pair }));
    await stream.put(samples(['grandchild']));
    await stream.map({ BatchSize: 1 });
    const invocations = await stream.delivered(['a', 'b', 'c', 'grandchild']);
    expect(namesIn(invocations).flat()).toEqual(['a', 'b', 'c', 'grandchild']);
  });

  it('loses nothing and repeats nothing while it is read', async () => {
    const stream = await clients.create(1);
    await stream.map({ BatchSize: 50 });
    const all: string[] = [];
    const putSome = async (of: number): Promise<void> => {
      for (let i = 0; i < scaled(100, 1000); i += 1) {
        const name = `r${all.length}`;
        all.push(name);
        await stream.put(samples([name]), { shard: i % of, of });
      }
    };
    await putSome(1);
    await split(stream);
    await putSome(2);
    const update = { ScalingType: 'UNIFORM_SCALING' as const, TargetShardCount: 3 };
    await clients.kinesis.send(new UpdateShardCountCommand({ StreamName: stream.name, ...update }));
    await putSome(3);
    const invocations = await stream.delivered(all);
    expect(namesIn(invocations).flat().toSorted()).toEqual(all.toSorted());
    for (const shard of new Set(invocations.map((invocation) => invocation.shard))) {
      const names = invocations.flatMap((invocation) => (invocation.shard === shard ? invocation.names : []));
      expect(names).toEqual(all.filter((name) => names.includes(name)));
    }
  });

  it('keeps its records and numbers shards anew when their count is updated', async () => {
    const stream = await clients.create(2);
    await stream.put(samples(['a']), { shard: 0, of: 2 });
    await stream.put(samples(['b']), { shard: 1, of: 2 });
    const update = { ScalingType: 'UNIFORM_SCALING' as const, TargetShardCount: 4 };
    await clients.kinesis.send(new UpdateShardCountCommand({ StreamName: stream.name, ...update }));
    for (const shard of [0, 1, 2, 3]) await stream.put(samples([`c${shard}`]), { shard, of: 4 });
    expect(await shardsOf(stream)).toHaveLength(6);
    expect(await openShardsOf(stream)).toBe(4);
    await stream.map();
    const invocations = await stream.delivered(['a', 'b', 'c0', 'c1', 'c2', 'c3']);
    const shards = invocations.flatMap(({ shard, names }) =>
      names.map((name) => [name, Number(shard.slice(-2))]),
    );
    expect(Object.fromEntries(shards)).toEqual({ a: 0, b: 1, c0: 2, c1: 3, c2: 4, c3: 5 });
  });
});

describe('LocalStack', () => {
  it('is passed over without a token or an engine for containers, and the reason is told', async () => {
    expect(await whyNoLocalStack({})).toMatch(/LOCALSTACK_AUTH_TOKEN/);
    const why = await whyNoLocalStack({ LOCALSTACK_AUTH_TOKEN: 'token' });
    expect(why === undefined || /engine for containers/.test(why)).toBe(true);
  });
});
