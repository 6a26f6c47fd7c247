import { describe, expect, it } from 'vitest';
import { DataGeneratorSource } from '../../../lib/api/data-generator-source.ts';
import { StreamExecutionEnvironment } from '../../../lib/api/environment.ts';
import { WatermarkStrategy } from '../../../lib/api/watermark-strategy.ts';
import { CountTrigger } from '../../../lib/api/windows/count-trigger.ts';
import { TumblingEventTimeWindows } from '../../../lib/api/windows/tumbling-event-time-windows.ts';
import { millis } from '../../../lib/core/duration.ts';
import type { ReduceFunction } from '../../../lib/core/functions/reduce-function.ts';
import { OutputTag } from '../../../lib/core/output-tag.ts';

interface Trade {
  readonly symbol: string;
  readonly price: number;
  readonly time: number;
}

const trades: readonly Trade[] = [
  { symbol: 'A', price: 3, time: 1 },
  { symbol: 'B', price: 5, time: 2 },
  { symbol: 'A', price: 1, time: 3 },
  { symbol: 'A', price: 1, time: 12 },
  { symbol: 'B', price: 9, time: 14 },
];

const byTime = WatermarkStrategy.forMonotonousTimestamps<Trade>({
  timestamp: ({ time }) => time,
  emit: 'per-record',
});

function bySymbol() {
  const env = StreamExecutionEnvironment.create();
  return env
    .fromData(trades, 'trades')
    .assignTimestampsAndWatermarks(byTime)
    .keyBy(({ symbol }) => symbol);
}

describe('rolling functions', () => {
  it('emit the result of each step', async () => {
    expect(
      await bySymbol()
        .sum('price')
        .uid('x')
        .map(({ symbol, price, time }) => `${symbol}${price}@${time}`)
        .executeAndCollect(),
    ).toEqual(['A3@1', 'B5@2', 'A4@1', 'A5@1', 'B14@2']);
    expect(
      await bySymbol()
        .minBy('price')
        .uid('x')
        .map(({ price, time }) => [price, time])
        .executeAndCollect(),
    ).toEqual([
      [3, 1],
      [5, 2],
      [1, 3],
      [1, 3],
      [5, 2],
    ]);
    const summing = () => new Summing();
    expect(
      await bySymbol()
        .reduce(summing)
        .uid('x')
        .map(({ price }) => price)
        .executeAndCollect(),
    ).toEqual([3, 5, 4, 5, 14]);
  });
});

class Summing implements ReduceFunction<Trade> {
  reduce(a: Trade, b: Trade): Trade {
    return { ...a, price: a.price + b.price };
  }
}

describe('windows', () => {
  const hourly = () => bySymbol().window(TumblingEventTimeWindows.of(millis(10)));

  it('emit rows that functions return or collect', async () => {
    const returned = await hourly()
      .process(({ key, elements }) => ({ key, n: elements.length }))
      .uid('x')
      .executeAndCollect();
    expect(returned).toEqual([
      { key: 'A', n: 2 },
      { key: 'B', n: 1 },
      { key: 'A', n: 1 },
      { key: 'B', n: 1 },
    ]);
    const collected = await hourly()
      .aggregate(
        { createAccumulator: () => 0, add: (a, { price }) => a + price, getResult: (a) => a },
        ({ key, value, window, out }) => out.collect(`${key}${value}<${window.end}`),
      )
      .uid('x')
      .executeAndCollect();
    expect(collected).toEqual(['A4<10', 'B5<10', 'A1<20', 'B9<20']);
    expect(
      await hourly()
        .max('price')
        .uid('x')
        .map(({ price }) => price)
        .executeAndCollect(),
    ).toEqual([3, 5, 1, 9]);
  });

  it('over all records and of counts work too', async () => {
    const env = StreamExecutionEnvironment.create();
    const sums = await env
      .fromSequence(1, 9)
      .setParallelism(2)
      .rebalance()
      .countWindowAll(3)
      .process(({ key, elements }) => ({ key, n: elements.length }))
      .uid('x')
      .executeAndCollect();
    expect(sums).toEqual([
      { key: undefined, n: 3 },
      { key: undefined, n: 3 },
      { key: undefined, n: 3 },
    ]);
    const sliding = await bySymbol()
      .countWindow(2, 1)
      .process(({ elements }) => elements.map(({ price }) => price))
      .uid('x')
      .executeAndCollect();
    expect(sliding).toEqual([[3], [5], [3, 1], [1, 1], [5, 9]]);
    const triggered = await hourly()
      .trigger(CountTrigger.of(2))
      .sum('price')
      .uid('x')
      .map(({ price }) => price)
      .executeAndCollect();
    expect(triggered).toEqual([4]);
  });
});

describe('streams', () => {
  it('split by side outputs, unite and connect', async () => {
    const env = StreamExecutionEnvironment.create();
    const odd = new OutputTag<number>('odd');
    const numbers = env.fromSequence(1, 6).process<number>((n, context, out) => {
      if (n % 2 === 0) out.collect(n);
      else context.output(odd, n);
    });
    const odds = numbers.getSideOutput(odd).map((n) => `odd ${n}`);
    const all = await numbers
      .map((n) => `even ${n}`)
      .union(odds)
      .executeAndCollect();
    expect(all.toSorted()).toEqual(['even 2', 'even 4', 'even 6', 'odd 1', 'odd 3', 'odd 5']);
    const connected = env
      .fromData(['a'])
      .connect(env.fromData([1]))
      .map({ map1: (a) => a, map2: (n) => `${n}` });
    expect((await connected.executeAndCollect()).toSorted()).toEqual(['1', 'a']);
  });

  it('run through shared functions and factories at parallelism 4', async () => {
    const env = StreamExecutionEnvironment.create().setParallelism(4);
    const source = new DataGeneratorSource((index) => index, { count: 1000, recordsPerSecond: 50_000 });
    const numbers = await env
      .fromSource(source, WatermarkStrategy.noWatermarks(), 'numbers')
      .flatMap((n) => [n, n])
      .map(() => new Plus())
      .filter((n) => n > 0)
      .executeAndCollect();
    expect(numbers).toHaveLength(2000);
    expect(numbers.reduce((a, b) => a + b, 0)).toBe(2 * 500_500);
  });
});

class Plus {
  map(n: number): number {
    return n + 1;
  }
}
