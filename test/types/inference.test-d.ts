import {
  type AggregateFunction,
  type Collector,
  type ConnectedStreams,
  type DataStream,
  EventTimeSessionWindows,
  type FlatMapFunction,
  hours,
  type KeyedConnectedStreams,
  type KeyedProcessContext,
  type KeyedProcessFunction,
  type KeyedStream,
  type MapFunction,
  minutes,
  OutputTag,
  type ProcessWindowContext,
  type ProcessWindowFunction,
  type SingleOutputStreamOperator,
  type Source,
  type StreamExecutionEnvironment,
  type TimeWindow,
  TumblingEventTimeWindows,
  WatermarkStrategy,
} from 'millrace';
import { describe, expectTypeOf, test } from 'vitest';

interface Trade {
  readonly symbol: string;
  readonly price: number;
  readonly time: number;
}
type Row = { readonly symbol: string; readonly n: number };

class PriceOf implements MapFunction<Trade, number> {
  map(trade: Trade): number {
    return trade.price;
  }
}
class Letters implements FlatMapFunction<Trade, string> {
  flatMap(trade: Trade, out: Collector<string>): void {
    for (const letter of trade.symbol) out.collect(letter);
  }
}
class Counting implements KeyedProcessFunction<string, Trade, Row> {
  processElement(_trade: Trade, context: KeyedProcessContext<string>, out: Collector<Row>): void {
    out.collect({ symbol: context.currentKey, n: 1 });
  }
}
class Sizes implements ProcessWindowFunction<Trade, Row, string, TimeWindow> {
  process({ key, elements, out }: ProcessWindowContext<Trade, Row, string, TimeWindow>): void {
    out.collect({ symbol: key, n: elements.length });
  }
}
class Mean implements AggregateFunction<Trade, { n: number; sum: number }, number> {
  createAccumulator() {
    return { n: 0, sum: 0 };
  }
  add(a: { n: number; sum: number }, trade: Trade) {
    return { n: a.n + 1, sum: a.sum + trade.price };
  }
  getResult(a: { n: number; sum: number }) {
    return a.sum / a.n;
  }
}

declare const env: StreamExecutionEnvironment;
declare const source: Source<Trade>;
declare const trades: DataStream<Trade>;
const bySymbol = trades.keyBy((trade) => trade.symbol);
const hourly = bySymbol.window(TumblingEventTimeWindows.of(hours(1)));
type Operator<T> = SingleOutputStreamOperator<T>;

describe('sources', () => {
  test('type the strategy that follows them', () => {
    const strategy = WatermarkStrategy.forBoundedOutOfOrderness<Trade>(minutes(1));
    expectTypeOf(env.fromSource(source, strategy, 'trades')).toEqualTypeOf<Operator<Trade>>();
    env.fromSource(source, WatermarkStrategy.noWatermarks(), 'trades');
    env.fromSource(
      source,
      WatermarkStrategy.forMonotonousTimestamps({ timestamp: (trade) => trade.time }),
      'trades',
    );
    env.fromSource(
      source,
      WatermarkStrategy.forBoundedOutOfOrderness<Trade>(minutes(1))
        .withTimestampAssigner((trade) => trade.time)
        .withIdleness(minutes(1)),
      'trades',
    );
  });

  test('of data have the type of the data', () => {
    expectTypeOf(env.fromData([{ a: 1 }], 'data')).toEqualTypeOf<Operator<{ a: number }>>();
    expectTypeOf(env.fromData(1, 2, 3)).toEqualTypeOf<Operator<number>>();
    expectTypeOf(env.fromSequence(1, 3)).toEqualTypeOf<Operator<number>>();
  });
});

describe('simple functions', () => {
  test('infer the records of map from functions, objects and factories', () => {
    expectTypeOf(trades.map((trade) => trade.price)).toEqualTypeOf<Operator<number>>();
    expectTypeOf(trades.map((trade) => [trade.price])).toEqualTypeOf<Operator<number[]>>();
    expectTypeOf(trades.map(({ symbol }) => ({ symbol, n: 1 }))).toEqualTypeOf<
      Operator<{ symbol: string; n: number }>
    >();
    expectTypeOf(trades.map(() => 1)).toEqualTypeOf<Operator<number>>();
    expectTypeOf(trades.map(() => [1])).toEqualTypeOf<Operator<number[]>>();
    expectTypeOf(trades.map(new PriceOf())).toEqualTypeOf<Operator<number>>();
    expectTypeOf(trades.map(() => new PriceOf())).toEqualTypeOf<Operator<number>>();
    expectTypeOf(trades.map({ map: (trade) => trade.symbol })).toEqualTypeOf<Operator<string>>();
  });

  test('narrow the records in filter by a type guard', () => {
    const mixed = trades.map((trade): string | number => trade.price);
    expectTypeOf(mixed.filter((value) => typeof value === 'string')).toEqualTypeOf<Operator<string>>();
    expectTypeOf(trades.filter((trade) => trade.price > 1)).toEqualTypeOf<Operator<Trade>>();
  });

  test('infer the records of flatMap from what is returned, or take them as type argument', () => {
    expectTypeOf(trades.flatMap((trade) => trade.symbol.split(''))).toEqualTypeOf<Operator<string>>();
    expectTypeOf(trades.flatMap<string>((trade, out) => out.collect(trade.symbol))).toEqualTypeOf<
      Operator<string>
    >();
    expectTypeOf(trades.flatMap(new Letters())).toEqualTypeOf<Operator<string>>();
    expectTypeOf(trades.flatMap(() => new Letters())).toEqualTypeOf<Operator<string>>();
    const twice = trades.flatMap(function* (trade) {
      yield trade;
      yield trade;
    });
    expectTypeOf(twice).toEqualTypeOf<Operator<Trade>>();
  });

  test('work in generic helpers', () => {
    function tagged<T>(stream: DataStream<T>): DataStream<{ value: T }> {
      return stream.map((value) => ({ value }));
    }
    expectTypeOf(tagged(trades)).toEqualTypeOf<DataStream<{ value: Trade }>>();
  });
});

describe('keys', () => {
  test('keep the type that the selector returns', () => {
    expectTypeOf(bySymbol).toEqualTypeOf<KeyedStream<Trade, string>>();
    expectTypeOf(trades.keyBy((trade) => [trade.symbol, trade.time] as const)).toEqualTypeOf<
      KeyedStream<Trade, readonly [string, number]>
    >();
    expectTypeOf(trades.keyBy(({ symbol }) => ({ symbol }))).toEqualTypeOf<
      KeyedStream<Trade, { symbol: string }>
    >();
  });

  test('reach process functions', () => {
    bySymbol.process((_trade, context) => {
      expectTypeOf(context.currentKey).toEqualTypeOf<string>();
    });
    expectTypeOf(bySymbol.process(new Counting())).toEqualTypeOf<Operator<Row>>();
    expectTypeOf(bySymbol.process(() => new Counting())).toEqualTypeOf<Operator<Row>>();
    expectTypeOf(bySymbol.sum('price')).toEqualTypeOf<Operator<Trade>>();
    expectTypeOf(bySymbol.reduce((a, b) => (a.price > b.price ? a : b))).toEqualTypeOf<Operator<Trade>>();
  });
});

describe('windows', () => {
  test('infer rows from what a function returns or collects', () => {
    expectTypeOf(hourly.process(({ key, elements }) => ({ key, n: elements.length }))).toEqualTypeOf<
      Operator<{ key: string; n: number }>
    >();
    expectTypeOf(hourly.process(({ key, out }) => out.collect({ key }))).toEqualTypeOf<
      Operator<{ key: string }>
    >();
    expectTypeOf(hourly.process(new Sizes())).toEqualTypeOf<Operator<Row>>();
    expectTypeOf(hourly.process(() => new Sizes())).toEqualTypeOf<Operator<Row>>();
    const many = hourly.process(({ elements, key }) => (elements.length > 1 ? { key } : undefined));
    expectTypeOf(many).toEqualTypeOf<Operator<{ key: string }>>();
  });

  test('pass the aggregate on to the window function', () => {
    expectTypeOf(hourly.aggregate(new Mean())).toEqualTypeOf<Operator<number>>();
    expectTypeOf(hourly.aggregate(() => new Mean())).toEqualTypeOf<Operator<number>>();
    expectTypeOf(hourly.aggregate(new Mean(), ({ key, value }) => ({ key, mean: value }))).toEqualTypeOf<
      Operator<{ key: string; mean: number }>
    >();
    expectTypeOf(
      hourly.reduce(
        (a, _b) => a,
        ({ value, window }) => [value.price, window.end],
      ),
    ).toEqualTypeOf<Operator<number[]>>();
    expectTypeOf(hourly.maxBy('price')).toEqualTypeOf<Operator<Trade>>();
  });

  test('over all records have no key', () => {
    trades
      .windowAll(EventTimeSessionWindows.withDynamicGap<Trade>(({ price }) => minutes(price)))
      .process(({ key, window }) => {
        expectTypeOf(key).toEqualTypeOf<undefined>();
        expectTypeOf(window).toEqualTypeOf<TimeWindow>();
      });
  });
});

describe('several streams', () => {
  test('unite to the union of their types', () => {
    expectTypeOf(trades.union(trades)).toEqualTypeOf<DataStream<Trade>>();
    expectTypeOf(trades.union(env.fromData([1]))).toEqualTypeOf<DataStream<Trade | number>>();
    expectTypeOf(bySymbol.union(bySymbol)).toEqualTypeOf<DataStream<Trade>>();
  });

  test('connect with or without a common key', () => {
    const limits = env.fromData([{ symbol: 'A', limit: 1 }]);
    type Limit = { symbol: string; limit: number };
    expectTypeOf(trades.connect(limits)).toEqualTypeOf<ConnectedStreams<Trade, Limit>>();
    const keyed = bySymbol.connect(limits.keyBy((limit) => limit.symbol));
    expectTypeOf(keyed).toEqualTypeOf<KeyedConnectedStreams<string, Trade, Limit>>();
    expectTypeOf(
      trades.connect(limits).keyBy(
        ({ symbol }) => symbol,
        ({ symbol }) => symbol,
      ),
    ).toEqualTypeOf<KeyedConnectedStreams<string, Trade, Limit>>();
    const checked = keyed.process<string>({
      processElement1: (trade, context, out) => out.collect(context.currentKey + trade.price),
      processElement2: (limit, context) => context.timerService.registerEventTimeTimer(limit.limit),
    });
    expectTypeOf(checked).toEqualTypeOf<Operator<string>>();
    expectTypeOf(
      trades.connect(limits).map({ map1: (trade) => trade.price, map2: (limit) => limit.limit }),
    ).toEqualTypeOf<Operator<number>>();
  });

  test('side outputs have the type of their tag', () => {
    const tag = new OutputTag<string>('errors');
    expectTypeOf(trades.process((_trade) => {}).getSideOutput(tag)).toEqualTypeOf<DataStream<string>>();
    expectTypeOf(trades.executeAndCollect()).resolves.toEqualTypeOf<Trade[]>();
  });
});
