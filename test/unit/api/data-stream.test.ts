import { describe, expect, it } from 'vitest';
import { CollectSink } from '../../../lib/api/collect-sink.ts';
import { StreamExecutionEnvironment } from '../../../lib/api/environment.ts';
import { WatermarkStrategy } from '../../../lib/api/watermark-strategy.ts';
import { CountTrigger } from '../../../lib/api/windows/count-trigger.ts';
import { DeltaTrigger } from '../../../lib/api/windows/delta-trigger.ts';
import { EventTimeSessionWindows } from '../../../lib/api/windows/event-time-session-windows.ts';
import { GlobalWindows } from '../../../lib/api/windows/global-windows.ts';
import { TumblingEventTimeWindows } from '../../../lib/api/windows/tumbling-event-time-windows.ts';
import { hours, millis, minutes } from '../../../lib/core/duration.ts';
import { OutputTag } from '../../../lib/core/output-tag.ts';
import type { StreamGraph, StreamNode } from '../../../lib/graph/stream-graph.ts';
import { validateStreamGraph } from '../../../lib/graph/validate.ts';

interface Trade {
  readonly symbol: string;
  readonly price: number;
}

const trades: readonly Trade[] = [{ symbol: 'A', price: 1 }];

function environment() {
  const env = StreamExecutionEnvironment.create();
  return { env, stream: env.fromData(trades, 'trades') };
}

function last(graph: StreamGraph): StreamNode {
  return graph.nodes[graph.nodes.length - 1]!;
}

/** Inputs of a node as `source:input:partitioner:tag`. */
function inputs(node: StreamNode): readonly string[] {
  return node.inputs.map(({ sourceId, inputIndex, partitioner, sideOutputId }) =>
    [sourceId, inputIndex, partitioner.kind, sideOutputId ?? ''].join(':'),
  );
}

describe('a graph', () => {
  it('has one frozen node per operator in the order of construction', () => {
    const { env, stream } = environment();
    stream
      .map((trade) => trade.price)
      .filter((price) => price > 0)
      .flatMap((price) => [price, price])
      .sinkTo(new CollectSink<number>())
      .uid('prices');
    const graph = env.getStreamGraph('job');
    expect(graph.nodes.map((node) => [node.id, node.spec.kind, node.name])).toEqual([
      [0, 'source', 'trades'],
      [1, 'map', 'Map'],
      [2, 'filter', 'Filter'],
      [3, 'flatMap', 'FlatMap'],
      [4, 'sink', 'Sink: collect'],
    ]);
    expect(graph.nodes.slice(1).flatMap(inputs)).toEqual([
      '0:0:auto:',
      '1:0:auto:',
      '2:0:auto:',
      '3:0:auto:',
    ]);
    expect(Object.isFrozen(graph) && Object.isFrozen(graph.nodes) && graph.nodes.every(Object.isFrozen)).toBe(
      true,
    );
    expect(() => validateStreamGraph(graph)).not.toThrow();
  });

  it('does not change when the job is built on', () => {
    const { env, stream } = environment();
    const operator = stream.map((trade) => trade.price);
    const graph = env.getStreamGraph('job');
    operator.name('later').print();
    expect(graph.nodes).toHaveLength(2);
    expect(last(graph).name).toBe('Map');
  });

  it('names the line of user code that made each operator', () => {
    const { env, stream } = environment();
    stream.map((trade) => trade.price).print();
    const locations = env.getStreamGraph('job').nodes.map((node) => node.location);
    for (const location of locations)
      expect(location).toMatch(/^test\/unit\/api\/data-stream\.test\.ts:\d+:\d+$/);
    const [source, map, sink] = locations.map((location) => Number(location.split(':')[1]));
    expect(map).toBe(sink);
    expect(source).toBeLessThan(map!);
  });

  it('needs a name', () => {
    expect(() => environment().env.getStreamGraph('')).toThrow('A job needs a name');
  });
});

describe('settings', () => {
  it('of an operator win over those of the job, which hold wherever they are set', () => {
    const { env, stream } = environment();
    stream
      .map((trade) => trade.price)
      .name('price')
      .uid('price-of')
      .setParallelism(3)
      .setMaxParallelism(30)
      .startNewChain()
      .onError('dead-letter')
      .filter(() => true)
      .disableChaining()
      .print();
    env.setParallelism(2).setMaxParallelism(20).onError('fail').disableOperatorChaining();
    const graph = env.getStreamGraph('job');
    const [source, map, filter, print] = graph.nodes;
    expect(graph).toMatchObject({
      parallelism: 2,
      maxParallelism: 20,
      chainingEnabled: false,
      onError: 'fail',
    });
    expect(source).toMatchObject({ parallelism: 1, uid: 'trades', name: 'trades' });
    expect(map).toMatchObject({
      name: 'price',
      uid: 'price-of',
      parallelism: 3,
      maxParallelism: 30,
      chaining: 'head',
      onError: 'dead-letter',
    });
    expect(filter).toMatchObject({
      parallelism: 2,
      maxParallelism: undefined,
      chaining: 'never',
      onError: undefined,
    });
    expect(print).toMatchObject({ parallelism: 2, uid: 'print-1' });
  });

  it('follow a sink too', () => {
    const { env, stream } = environment();
    stream.print('p').name('shown').uid('shown').setParallelism(2).setMaxParallelism(4).disableChaining();
    expect(last(env.getStreamGraph('job'))).toMatchObject({
      name: 'shown',
      uid: 'shown',
      parallelism: 2,
      maxParallelism: 4,
      chaining: 'never',
    });
  });
});

describe('partitioning', () => {
  it('makes no operators, it sets how records travel on', () => {
    const { env, stream } = environment();
    const kinds = ['rebalance', 'rescale', 'shuffle', 'broadcast', 'forward', 'global'] as const;
    for (const kind of kinds) stream[kind]().map((trade) => trade);
    stream
      .rebalance()
      .forward()
      .map((trade) => trade);
    const nodes = env.getStreamGraph('job').nodes.slice(1);
    expect(nodes.map((node) => node.inputs[0]!.partitioner.kind)).toEqual([...kinds, 'forward']);
  });

  it('by key or by a custom partitioner keeps its functions', () => {
    const { env, stream } = environment();
    stream.keyBy((trade) => trade.symbol).map((trade) => trade);
    stream
      .partitionCustom(
        (key: number, n) => key % n,
        (trade) => trade.price,
      )
      .print();
    const [, hashed, custom] = env.getStreamGraph('job').nodes.map((node) => node.inputs[0]?.partitioner);
    expect(hashed?.kind === 'hash' && hashed.keySelector({ symbol: 'B' })).toBe('B');
    expect(custom?.kind === 'custom' && custom.partitioner(custom.keySelector({ price: 5 }), 3)).toBe(2);
  });

  it('of a union holds for each of its streams, and the union of keyed streams has no key of its own', () => {
    const { env, stream } = environment();
    const keyed = stream.keyBy((trade) => trade.symbol);
    keyed.union(stream, stream.rebalance()).print();
    stream.union(stream).broadcast().print();
    const [, mixed, broadcast] = env.getStreamGraph('job').nodes;
    expect(inputs(mixed!)).toEqual(['0:0:hash:', '0:0:auto:', '0:0:rebalance:']);
    expect(inputs(broadcast!)).toEqual(['0:0:broadcast:', '0:0:broadcast:']);
  });
});

describe('a keyed stream', () => {
  it('makes keyed operators behind a hash edge', () => {
    const { env, stream } = environment();
    const keyed = stream.keyBy((trade) => trade.symbol);
    keyed.reduce((a, _b) => a);
    keyed.maxBy('price');
    keyed.process((_trade, _context, _out) => {});
    const nodes = env.getStreamGraph('job').nodes.slice(1);
    expect(nodes.map((node) => node.spec.kind)).toEqual(['keyedReduce', 'keyedReduce', 'keyedProcess']);
    for (const node of nodes) {
      expect(inputs(node)).toEqual(['0:0:hash:']);
      expect('keySelector' in node.spec && node.spec.keySelector({ symbol: 'B' })).toBe('B');
    }
  });

  it('refuses a key selector that is no synchronous function', () => {
    const { stream } = environment();
    // @ts-expect-error a promise is no key
    expect(() => stream.keyBy(async (trade) => trade.symbol)).toThrow(/key selector of keyBy\(\) is async/);
    // @ts-expect-error a name of a field is no function
    expect(() => stream.keyBy('symbol')).toThrow(/data-stream\.test\.ts:\d+:\d+.*key selector of keyBy\(\)/);
  });
});

describe('a window', () => {
  it('is one operator with all its settings', () => {
    const { env, stream } = environment();
    const late = new OutputTag<Trade>('late');
    const result = stream
      .keyBy((trade) => trade.symbol)
      .window(TumblingEventTimeWindows.of(hours(1)))
      .trigger(CountTrigger.of(3))
      .allowedLateness(minutes(5))
      .sideOutputLateData(late)
      .reduce((a, _b) => a)
      .uid('hourly');
    result.getSideOutput(late).print();
    const [, window, print] = env.getStreamGraph('job').nodes;
    expect(window).toMatchObject({ name: 'TumblingEventTimeWindows', uid: 'hourly' });
    expect(window!.spec).toMatchObject({
      kind: 'window',
      allWindows: false,
      allowedLatenessMs: 300_000,
      lateTagId: 'late',
      trigger: { description: 'CountTrigger(3)' },
      evictor: undefined,
      contents: { kind: 'reduce', window: undefined, sliceable: true },
    });
    expect(inputs(print!)).toEqual(['1:0:auto:late']);
  });

  it('of counts is a global window with a purging or evicting count', () => {
    const { env, stream } = environment();
    const keyed = stream.keyBy((trade) => trade.symbol);
    keyed.countWindow(4).sum('price');
    keyed.countWindow(4, 2).sum('price');
    const [, tumbling, sliding] = env.getStreamGraph('job').nodes.map((node) => node.spec);
    expect(tumbling).toMatchObject({
      assigner: { description: 'GlobalWindows' },
      trigger: { description: 'PurgingTrigger(CountTrigger(4))' },
      evictor: undefined,
      contents: { kind: 'reduce', sliceable: false },
    });
    expect(sliding).toMatchObject({
      trigger: { description: 'CountTrigger(2)' },
      evictor: { description: 'CountEvictor(4)' },
    });
  });

  it('over all records runs in one subtask with a constant key', () => {
    const { env, stream } = environment();
    env.setParallelism(4);
    stream.windowAll(GlobalWindows.create()).process(({ elements }) => elements.length);
    stream.countWindowAll(3).process(({ elements }) => elements.length);
    for (const node of env.getStreamGraph('job').nodes.slice(1)) {
      expect(node).toMatchObject({ parallelism: 1, maxParallelism: 1, spec: { allWindows: true } });
      expect(node.spec.kind === 'window' && node.spec.keySelector({})).toBe(0);
    }
  });

  it('refuses what its assigner cannot work with', () => {
    const { stream } = environment();
    const sessions = stream
      .keyBy((trade) => trade.symbol)
      .window(EventTimeSessionWindows.withGap(minutes(1)));
    expect(() => sessions.trigger(DeltaTrigger.of(1, () => 0))).toThrow(
      /DeltaTrigger.* cannot merge.*canMerge/,
    );
    expect(() => sessions.allowedLateness(millis(-1))).toThrow('at least 0');
    const sum = { createAccumulator: () => 0, add: (a: number, trade: Trade) => a + trade.price };
    expect(() => sessions.aggregate({ ...sum, getResult: (a) => a })).toThrow(/merge\(\)/);
    expect(() => sessions.aggregate({ ...sum, getResult: (a) => a, merge: (a, b) => a + b })).not.toThrow();
  });
});

describe('connected streams', () => {
  it('enter one operator at two inputs', () => {
    const { env, stream } = environment();
    const other = env.fromSequence(1, 3);
    const pair = stream.connect(other);
    pair.map({ map1: (trade) => trade.price, map2: (n) => n });
    pair.flatMap({ flatMap1: () => {}, flatMap2: () => {} });
    pair.process({ processElement1: () => {}, processElement2: () => {} });
    const nodes = env.getStreamGraph('job').nodes.slice(2);
    expect(nodes.map((node) => node.spec.kind)).toEqual(['coMap', 'coFlatMap', 'coProcess']);
    for (const node of nodes) expect(inputs(node)).toEqual(['0:0:auto:', '1:1:auto:']);
  });

  it('with a common key share it, however they got it', () => {
    const { env, stream } = environment();
    const other = env.fromSequence(1, 3);
    const fn = { processElement1: () => {}, processElement2: () => {} };
    stream
      .connect(other)
      .keyBy(
        (trade) => trade.price,
        (n) => n,
      )
      .process(fn);
    stream
      .keyBy((trade) => trade.price)
      .connect(other.keyBy((n) => n))
      .process(fn);
    for (const { spec, ...node } of env.getStreamGraph('job').nodes.slice(2)) {
      expect(node.inputs.map(({ inputIndex, partitioner }) => [inputIndex, partitioner.kind])).toEqual([
        [0, 'hash'],
        [1, 'hash'],
      ]);
      expect(spec.kind === 'keyedCoProcess' && spec.keySelectors.map((key) => key({ price: 2 }))).toEqual([
        2,
        { price: 2 },
      ]);
    }
  });

  it('with a key on one side only are connected without key', () => {
    const { env, stream } = environment();
    stream
      .keyBy((trade) => trade.symbol)
      .connect(env.fromSequence(1, 3))
      .process(() => ({
        processElement1: () => {},
        processElement2: () => {},
      }));
    expect(last(env.getStreamGraph('job'))).toMatchObject({ spec: { kind: 'coProcess' } });
  });

  it('must be of one environment', () => {
    const other = environment().stream;
    expect(() =>
      environment()
        .stream.connect(other)
        .map({ map1: () => 0, map2: () => 0 }),
    ).toThrow('two environments');
    expect(() => environment().stream.union(other)).toThrow('two environments');
  });
});

describe('sources', () => {
  it('have a name that is also their uid', () => {
    const env = StreamExecutionEnvironment.create();
    env.fromData([1]);
    env.fromData(1, 2);
    env.fromSequence(1, 2);
    env.setParallelism(4);
    const nodes = env.getStreamGraph('job').nodes;
    expect(nodes.map(({ name, uid, parallelism }) => [name, uid, parallelism])).toEqual([
      ['data-1', 'data-1', 1],
      ['data-2', 'data-2', 1],
      ['sequence-1', 'sequence-1', 4],
    ]);
  });

  it('refuse a missing name and a sequence that runs backwards', () => {
    const { env } = environment();
    // @ts-expect-error the name is missing
    expect(() => env.fromSource({}, WatermarkStrategy.noWatermarks())).toThrow('needs a name');
    expect(() => env.fromSequence(3, 1)).toThrow(/fromSequence\(3, 1\) at .*data-stream\.test\.ts/);
  });

  it('can get other timestamps and watermarks behind them', () => {
    const { env, stream } = environment();
    stream.assignTimestampsAndWatermarks(
      WatermarkStrategy.forMonotonousTimestamps({ timestamp: (t) => t.price }),
    );
    expect(last(env.getStreamGraph('job')).spec).toMatchObject({
      kind: 'timestampsAndWatermarks',
      watermarks: { description: 'MonotonousTimestamps' },
    });
  });
});

describe('side outputs', () => {
  it('need a tag', () => {
    const { stream } = environment();
    const processed = stream.process((_trade, _context) => {});
    // @ts-expect-error a name is no tag
    expect(() => processed.getSideOutput('late')).toThrow(/getSideOutput\(\) at .*needs a tag/);
  });
});
