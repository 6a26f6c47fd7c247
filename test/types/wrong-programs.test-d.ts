import {
  type AggregateFunction,
  type Collector,
  CountTrigger,
  type DataStream,
  defineJob,
  hours,
  type KeyedStream,
  type MapFunction,
  OutputTag,
  type ProcessWindowContext,
  type ProcessWindowFunction,
  type Sink,
  type Source,
  type StreamExecutionEnvironment,
  type TimeWindow,
  TumblingEventTimeWindows,
  type TypeMessage,
  WatermarkStrategy,
  type WindowedStream,
} from 'millrace';
import { describe, expectTypeOf, test } from 'vitest';

interface Trade {
  readonly symbol: string;
  readonly price: number;
  readonly note?: string;
}

class Money {
  readonly cents = 0;
  plus(other: Money): Money {
    return other;
  }
}

declare const env: StreamExecutionEnvironment;
declare const source: Source<Trade>;
declare const trades: DataStream<Trade>;
declare const bySymbol: KeyedStream<Trade, string>;
declare const hourly: WindowedStream<Trade, string, TimeWindow>;
declare const numbers: Sink<number>;
declare const tradesWithVenue: Sink<Trade & { readonly venue: string }>;

describe('a stream without key', () => {
  test('has no rolling functions and says what to call first', () => {
    // @ts-expect-error keyBy() must come before reduce()
    trades.reduce((a: Trade) => a);
    // @ts-expect-error keyBy() must come before sum()
    trades.sum('price');
    expectTypeOf(trades.reduce).toEqualTypeOf<TypeMessage<'keyBy() must come before reduce()'>>();
    expectTypeOf(trades.maxBy).toEqualTypeOf<TypeMessage<'keyBy() must come before maxBy()'>>();
  });

  test('has no windows and says what to call instead', () => {
    // @ts-expect-error keyBy() must come before window(); else use windowAll()
    trades.window(TumblingEventTimeWindows.of(hours(1)));
    // @ts-expect-error keyBy() must come before countWindow()
    trades.countWindow(3);
    // @ts-expect-error keyBy() and window() must come before aggregate()
    trades.aggregate({});
  });
});

describe('a key', () => {
  test('is data, not a function, not an instance of a class, never undefined', () => {
    // @ts-expect-error a function cannot be a key
    trades.keyBy((trade) => () => trade.symbol);
    // @ts-expect-error a function cannot be a key: Money has the method plus()
    trades.keyBy(() => new Money());
    // @ts-expect-error a key must be a string, number, …
    trades.keyBy((trade) => trade.note);
    // @ts-expect-error a key must be a string, number, …
    trades.keyBy((trade) => [trade.symbol, trade.note]);
    // @ts-expect-error a key must be a string, number, …
    trades.keyBy((trade) => ({ note: trade.note }));
    // @ts-expect-error a key must be a string, number, …
    trades.keyBy((trade) => new Map([[trade.symbol, trade.price]]));
    // @ts-expect-error a key must be a string, number, …
    trades.keyBy(async (trade) => trade.symbol);
  });

  test('comes before the uid of what follows it', () => {
    // @ts-expect-error uid() belongs to an operator; call it after the one behind keyBy()
    trades.keyBy((trade) => trade.symbol).uid('keyed');
  });
});

describe('a window', () => {
  test('is no stream before it has a function', () => {
    type NotYet = TypeMessage<'a window needs reduce(), aggregate() or process() first'>;
    // @ts-expect-error a window needs reduce(), aggregate() or process() first
    hourly.sinkTo(numbers);
    // @ts-expect-error a window needs reduce(), aggregate() or process() first
    hourly.map((trade: Trade) => trade);
    expectTypeOf(hourly.sinkTo).toEqualTypeOf<NotYet>();
    expectTypeOf(hourly.uid).toEqualTypeOf<NotYet>();
    // @ts-expect-error window() must come before aggregate()
    bySymbol.aggregate({});
  });

  test('takes durations with a unit', () => {
    // @ts-expect-error a bare number is no Duration
    TumblingEventTimeWindows.of(3_600_000);
    // @ts-expect-error a bare number is no Duration
    hourly.allowedLateness(1000);
    // @ts-expect-error a bare number is no Duration
    WatermarkStrategy.forBoundedOutOfOrderness(1000);
  });

  test('takes functions for its own records, key and kind of window only', () => {
    class Wrong implements ProcessWindowFunction<string, number, string, TimeWindow> {
      process(_context: ProcessWindowContext<string, number, string, TimeWindow>): void {}
    }
    const ofStrings: AggregateFunction<string, number, number> = {
      createAccumulator: () => 0,
      add: (count) => count + 1,
      getResult: (count) => count,
    };
    // @ts-expect-error elements are Trades, not strings
    hourly.process(new Wrong());
    // @ts-expect-error the factory makes functions of strings
    hourly.process(() => new Wrong());
    // @ts-expect-error an aggregate of strings
    hourly.aggregate(ofStrings);
    // @ts-expect-error the price has no cents
    hourly.process(({ elements }) => elements[0]?.price.cents);
    // @ts-expect-error the global window of a count has no start
    bySymbol.countWindow(3).process(({ window }) => window.start);
    hourly.trigger(CountTrigger.of(3));
  });

  test('sends late records to a tag of their type', () => {
    // @ts-expect-error a tag of strings
    hourly.sideOutputLateData(new OutputTag<string>('late'));
  });
});

describe('a sink', () => {
  test('takes the records of its stream or wider ones', () => {
    // @ts-expect-error a sink of numbers
    trades.sinkTo(numbers);
    // @ts-expect-error the sink needs a venue
    trades.sinkTo(tradesWithVenue);
    trades.sinkTo({} as Sink<unknown>);
    trades.sinkTo({} as Sink<{ readonly symbol: string }>);
  });
});

describe('a function', () => {
  test('is synchronous', () => {
    // @ts-expect-error user functions are synchronous
    trades.map(async (trade) => trade.price);
    // @ts-expect-error user functions are synchronous
    trades.filter(async (trade) => trade.price > 1);
    // @ts-expect-error user functions are synchronous
    trades.flatMap(async (trade) => [trade.price]);
    // @ts-expect-error user functions are synchronous
    trades.process(async (_trade) => {});
    // @ts-expect-error user functions are synchronous
    bySymbol.process(async (_trade) => {});
    // @ts-expect-error user functions are synchronous
    bySymbol.reduce(async (a, _b) => a);
    // @ts-expect-error user functions are synchronous
    hourly.process(async ({ key }) => key);
    const first = (a: Trade) => a;
    // @ts-expect-error user functions are synchronous
    hourly.reduce(first, async ({ key }) => key);
  });

  test('gets the records of its stream', () => {
    class OfStrings implements MapFunction<string, string> {
      map(value: string): string {
        return value;
      }
    }
    // @ts-expect-error a Trade has no volume
    trades.map((trade) => trade.volume);
    // @ts-expect-error the MapFunction takes strings
    trades.map(new OfStrings());
    // @ts-expect-error collects numbers
    trades.flatMap<string>((trade, out) => out.collect(trade.price));
    // @ts-expect-error collects numbers
    bySymbol.process<string>((trade, _context, out) => out.collect(trade.price));
    // @ts-expect-error reduces to a price, not to a Trade
    bySymbol.reduce((a, b) => a.price + b.price);
    // @ts-expect-error a FlatMapFunction of strings
    trades.flatMap({ flatMap: (value: string, out: Collector<string>) => out.collect(value) });
  });

  test('names fields that can be summed or compared', () => {
    // @ts-expect-error a symbol cannot be summed
    bySymbol.sum('symbol');
    // @ts-expect-error there is no such field
    bySymbol.max('volume');
    // @ts-expect-error a note may be missing
    hourly.minBy('note');
    bySymbol.max('symbol');
    hourly.sum('price');
  });
});

describe('a source', () => {
  test('needs a strategy for its records and a name', () => {
    const ofStrings = WatermarkStrategy.noWatermarks<string>();
    // @ts-expect-error timestamps of strings
    env.fromSource(source, ofStrings, 'trades');
    // @ts-expect-error no name
    env.fromSource(source, WatermarkStrategy.noWatermarks());
  });
});

describe('a job', () => {
  test('is described synchronously', () => {
    // @ts-expect-error user functions are synchronous
    defineJob('job', async (env) => env.fromData([1]).print());
    defineJob('job', (env) => env.fromData([1]).print());
  });
});

describe('keyed state', () => {
  test('is shared only by streams with keys of one type', () => {
    const byPrice = trades.keyBy((trade) => trade.price);
    // @ts-expect-error one key is a string, the other a number
    bySymbol.connect(byPrice);
  });
});
