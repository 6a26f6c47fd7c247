import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../lib/core/errors.ts';
import { LIMITS } from '../../../lib/core/limits.ts';
import { assertStateValue, cloneStateValue } from '../../../lib/core/state-value.ts';

const where = () => "State 'sums' of operator 'totals'";

class Money {
  cents = 5;
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

function cyclic(): unknown {
  const ring: Record<string, unknown> = { name: 'ring' };
  ring.self = { ring };
  return ring;
}

describe('assertStateValue', () => {
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['NaN', Number.NaN],
    ['a bigint', 10n],
    ['a flat object', { a: 1, b: 'x', c: undefined, d: null, e: 1n }],
    ['an object without prototype', Object.assign(Object.create(null), { a: [1] })],
    ['nested data', { items: [{ when: new Date(5), tags: new Set(['a']), by: new Map([['k', { v: 1 }]]) }] }],
    ['an invalid Date', new Date(Number.NaN)],
    [
      'binary data',
      {
        a: new Uint8Array(3),
        b: new ArrayBuffer(2),
        c: new DataView(new ArrayBuffer(1)),
        d: new BigInt64Array(1),
      },
    ],
    ['a sparse array', new Array(3)],
    ['the deepest nesting', nested(LIMITS.stateValueDepthMax)],
  ])('takes %s', (_, value) => {
    expect(() => assertStateValue(value, where)).not.toThrow();
  });

  it.each<[string, unknown, string]>([
    ['a function', () => 1, 'value, which is a function'],
    ['a method', { run() {} }, 'value.run, which is a function'],
    ['a symbol', [Symbol('x')], 'value[0], which is a symbol'],
    [
      'a property named by a symbol',
      { a: { [Symbol('x')]: 1 } },
      'value.a[Symbol(x)], which is a property named by a symbol',
    ],
    [
      'an instance in an array',
      { items: [1, { at: new Money() }] },
      'value.items[1].at, which is an instance of Money',
    ],
    ['a class instance', new Money(), 'value, which is an instance of Money'],
    ['a Buffer', Buffer.from('x'), 'value, which is an instance of Buffer'],
    ['a RegExp', /x/, 'value, which is an instance of RegExp'],
    ['a promise', { p: Promise.resolve() }, 'value.p, which is an instance of Promise'],
    ['a subclass of Map', new (class Index extends Map {})(), 'value, which is an instance of Index'],
    ['a function in a Map', new Map([['f', () => 1]]), 'value.get("f"), which is a function'],
    [
      'an instance as key of a Map',
      new Map([[new Money(), 1]]),
      'value.keys()[0], which is an instance of Money',
    ],
    ['a function in a Set', new Set([1, () => 1]), 'value[1], which is a function'],
    ['a cycle', cyclic(), 'value.self.ring, which is a reference to an object that holds it (a cycle)'],
    ['an odd property name', { 'a b': () => 1 }, 'value["a b"], which is a function'],
  ])('refuses %s and says where it is', (_, value, message) => {
    expect(() => assertStateValue(value, where)).toThrow(
      `State 'sums' of operator 'totals' cannot keep ${message}`,
    );
  });

  it('refuses what is nested too deeply', () => {
    expect(() => assertStateValue(nested(LIMITS.stateValueDepthMax + 1), where)).toThrow(
      'nested deeper than 100 levels',
    );
  });

  it('names the root as it is told', () => {
    const value = { items: [0, 1, 2, { callback: () => 1 }] };
    expect(() => assertStateValue(value, where, 'accumulator')).toThrow('accumulator.items[3].callback');
  });

  it('throws UserError STATE_VALUE_INVALID', () => {
    let thrown: unknown;
    try {
      assertStateValue(Symbol.iterator, where);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UserError);
    expect(thrown).toMatchObject({ code: 'STATE_VALUE_INVALID' });
  });

  it('walks structure that is shared many times only once', () => {
    let value: unknown[] = [1];
    for (let i = 0; i < 60; i++) value = [value, value];
    expect(assertStateValue(value, where)).toBeLessThan(10_000);
  });

  it('takes whatever structuredClone gives for generated data, and clones it equal and apart', () => {
    const data = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
    });
    fc.assert(
      fc.property(data, (generated) => {
        const value: unknown = structuredClone(generated);
        assertStateValue(value, where);
        const copy = cloneStateValue(value);
        expect(copy).toStrictEqual(value);
        if (typeof value === 'object' && value !== null) expect(copy).not.toBe(value);
      }),
    );
  });
});
