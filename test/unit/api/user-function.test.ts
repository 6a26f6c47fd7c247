import { describe, expect, it } from 'vitest';
import {
  aggregateFunction,
  coMapFunction,
  filterFunction,
  flatMapFunction,
  keyedProcessFunction,
  mapFunction,
  processFunction,
  reduceFunction,
  windowFunction,
} from '../../../lib/api/user-function.ts';
import type { Collector } from '../../../lib/core/functions/rich-function.ts';

const place = { operatorName: 'op', location: 'job.ts:3:5' };

class Doubler {
  map(n: number): number {
    return 2 * n;
  }
}

function collecting(): { readonly out: Collector<unknown>; readonly rows: unknown[] } {
  const rows: unknown[] = [];
  return {
    rows,
    out: {
      collect: (row) => {
        rows.push(row);
      },
    },
  };
}

describe('a plain function', () => {
  it('becomes the one method of its interface and is never a shared object', () => {
    const map = mapFunction((n: number) => n + 1, place);
    expect(map.shared).toBeUndefined();
    expect(map.create().map(1)).toBe(2);
    expect(
      filterFunction((n: number) => n > 1, place)
        .create()
        .filter(2),
    ).toBe(true);
    expect(
      reduceFunction((a: number, b: number) => a + b, place)
        .create()
        .reduce(1, 2),
    ).toBe(3);
  });

  it('as flatMap emits what it returns and what it collects', () => {
    const { out, rows } = collecting();
    const fn = flatMapFunction((n: number, to: Collector<number>) => {
      to.collect(n);
      return [n + 1, n + 2];
    }, place);
    fn.create().flatMap(1, out);
    flatMapFunction((_n: number) => undefined, place)
      .create()
      .flatMap(1, out);
    expect(rows).toEqual([1, 2, 3]);
  });

  it('as window function emits what it returns unless that is undefined', () => {
    const { out, rows } = collecting();
    // Only `out` is read here.
    const context = { out, value: 3 } as never;
    windowFunction(({ value }: { value: number }) => ({ value }), place)
      .create()
      .process(context);
    windowFunction((call: { out: Collector<number> }) => call.out.collect(4), place)
      .create()
      .process(context);
    windowFunction((_call: unknown) => null, place)
      .create()
      .process(context);
    expect(rows).toEqual([{ value: 3 }, 4, null]);
  });
});

describe('a function without parameters', () => {
  it('is a factory where a function needs its parameters', () => {
    const fn = { processElement() {} };
    const process = processFunction(() => fn, place);
    expect(process.shared).toBeUndefined();
    expect(process.create()).toBe(fn);
  });

  it('is refused when it makes something else, because it was taken for a factory', () => {
    expect(() => keyedProcessFunction(() => 3, place).create()).toThrow(
      /'op' \(job\.ts:3:5\): the factory.*returned the number "3".*without parameters.*processElement\(\)/,
    );
    const failing = () => {
      throw new Error('no connection');
    };
    expect(() => processFunction(failing, place).create()).toThrow(/factory.*failed.*no connection/);
  });

  it('is asked in map, filter and flatMap whether it is a factory', () => {
    expect(
      mapFunction(() => new Doubler(), place)
        .create()
        .map(2),
    ).toBe(4);
    expect(
      mapFunction(() => 7, place)
        .create()
        .map(2),
    ).toBe(7);
    expect(
      mapFunction(() => [1], place)
        .create()
        .map(2),
    ).toEqual([1]);
    expect(
      filterFunction(() => false, place)
        .create()
        .filter(2),
    ).toBe(false);
    const { out, rows } = collecting();
    flatMapFunction(() => ['a'], place)
      .create()
      .flatMap(1, out);
    expect(rows).toEqual(['a']);
  });

  it('makes a new object at each call', () => {
    const map = mapFunction(() => new Doubler(), place);
    expect(map.create()).not.toBe(map.create());
  });
});

describe('an object', () => {
  it('is given to every subtask and known as shared', () => {
    const doubler = new Doubler();
    const map = mapFunction(doubler, place);
    expect(map.create()).toBe(doubler);
    expect(map.shared).toBe(doubler);
  });

  it('is refused without the methods of its interface', () => {
    const message =
      /'op' \(job\.ts:3:5\): an object with the properties \["reduce"\] is no MapFunction; give/;
    expect(() => mapFunction({ reduce() {} }, place)).toThrow(message);
    expect(() => coMapFunction({ map1() {} }, place)).toThrow(/map1\(\), map2\(\)/);
    expect(() => aggregateFunction((a: number) => a, place)).toThrow(/no AggregateFunction; give an object/);
    expect(() => mapFunction(undefined, place)).toThrow(/undefined is no MapFunction/);
    expect(() => mapFunction('field', place)).toThrow(/the string "field"/);
  });
});

describe('what cannot work', () => {
  it('is refused with the reason: async functions and methods', () => {
    expect(() => mapFunction(async (n: number) => n, place)).toThrow('user functions are synchronous');
    expect(() => mapFunction({ map: async (n: number) => n }, place)).toThrow(
      /map\(\) of the MapFunction is async/,
    );
    expect(() => flatMapFunction(async function* (_n: number) {}, place)).toThrow('synchronous');
    const timer = { processElement() {}, async onTimer() {} };
    expect(() => keyedProcessFunction(timer, place)).toThrow(/onTimer\(\)/);
  });

  it('is refused with the reason: a class instead of its instance', () => {
    expect(() => mapFunction(Doubler, place)).toThrow(
      /the class Doubler itself; give `new Doubler\(\)` or.*\(\) => new Doubler\(\)/,
    );
  });

  it('carries code and place for programs', () => {
    expect(() => mapFunction(1, place)).toThrow(
      expect.objectContaining({ code: 'FUNCTION_INVALID', context: place }),
    );
  });
});
