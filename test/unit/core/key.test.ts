import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalKey, encodeKey, hashKey, keyGroupOf } from '../../../lib/core/key.ts';

const hex = (key: unknown) => Buffer.from(encodeKey(key)).toString('hex');

const anyKey = fc.letrec((tie) => ({
  key: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.integer(),
    fc.bigInt(),
    fc.boolean(),
    fc.date({ noInvalidDate: true }),
    fc.array(tie('key'), { maxLength: 3 }),
    fc.dictionary(fc.string({ maxLength: 3 }), tie('key'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).key;

/** Key equality by the definition of the docs, written independently of the encoding. */
function sameKey(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a === b || (Number.isNaN(a) && Number.isNaN(b));
  if (a instanceof Date || b instanceof Date) {
    return a instanceof Date && b instanceof Date && a.getTime() === b.getTime();
  }
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((x, i) => sameKey(x, b[i]))
    );
  }
  if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null) {
    const left = new Map(Object.entries(a));
    const right = new Map(Object.entries(b));
    return left.size === right.size && [...left].every(([k, v]) => right.has(k) && sameKey(v, right.get(k)));
  }
  return a === b;
}

describe('the canonical encoding of keys', () => {
  it.each([
    [false, '01'],
    [true, '02'],
    [0, '038000000000000000'],
    [-0, '038000000000000000'],
    [1, '03bff0000000000000'],
    [-1, '03400fffffffffffff'],
    [1.5, '03bff8000000000000'],
    [Number.NaN, '03fff8000000000000'],
    [Number.POSITIVE_INFINITY, '03fff0000000000000'],
    [0n, '040100000000'],
    [1n, '04010000000101'],
    [-1n, '0400fffffffefe'],
    [256n, '0401000000020100'],
    ['', '050001'],
    ['a', '05610001'],
    ['\u0000', '0500ff0001'],
    ['é', '05c3a90001'],
    ['😀', '05f09f98800001'],
    ['\ud800', '05eda0800001'],
    [new Date(0), '068000000000000000'],
    [[], '0700'],
    [['a', 1], '070561000103bff000000000000000'],
    [{}, '0800'],
    [{ b: true, a: 'x' }, '08056100010578000105620001' + '02' + '00'],
  ])('of %o is fixed for ever', (key, bytes) => {
    expect(hex(key)).toBe(bytes);
  });

  it('does not depend on the order in which an object got its properties', () => {
    expect(hex({ a: 1, b: [2] })).toBe(hex({ b: [2], a: 1 }));
  });

  it('is equal exactly for equal keys, and so is the canonical key', () => {
    fc.assert(
      fc.property(anyKey, anyKey, (a, b) => {
        const same = sameKey(a, b);
        expect(hex(a) === hex(b)).toBe(same);
        expect(Object.is(canonicalKey(a), canonicalKey(b))).toBe(same);
        if (same) expect(hashKey(a)).toBe(hashKey(b));
      }),
      { numRuns: 2000 },
    );
  });

  it('orders numbers, bigints and strings as their values', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (a, b) => {
        expect(Math.sign(Buffer.compare(encodeKey(a), encodeKey(b)))).toBe(
          a === b ? 0 : Math.sign(a < b ? -1 : 1),
        );
      }),
    );
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt(), (a, b) => {
        expect(Buffer.compare(encodeKey(a), encodeKey(b))).toBe(a === b ? 0 : a < b ? -1 : 1);
      }),
    );
  });

  it('distinguishes a string from a composite that would look like it', () => {
    const composite = canonicalKey(['a']);
    expect(canonicalKey(composite)).not.toBe(composite);
  });
});

describe('the hash of keys', () => {
  it.each([
    ['', 0],
    ['key1', 3288498],
    ['user-42', -147182656],
    ['Ω', 937],
    [0, 0],
    [-0, 0],
    [42, 42],
    [-1, -1],
    [2 ** 31, -2147483648],
    [1577880000000, 1627002735],
    [1.5, 1073217536],
    [Number.NaN, 2146959360],
    [0n, 0],
    [-1n, 0],
    [1577880000000n, 1627002735],
    [2n ** 64n, 961],
    [-(2n ** 64n), -961],
    [true, 1231],
    [false, 1237],
    [new Date(1577880000000), 1627002735],
    [['a', 1], 97 * 31 + 1],
    [{ a: 1 }, 97 ^ 1],
  ])('of %o is that of Java', (key, hash) => {
    expect(hashKey(key)).toBe(hash);
  });

  it('stays within the key groups', () => {
    fc.assert(
      fc.property(anyKey, fc.integer({ min: 1, max: 32768 }), (key, maxParallelism) => {
        const group = keyGroupOf(key, maxParallelism);
        expect(group).toBeGreaterThanOrEqual(0);
        expect(group).toBeLessThan(maxParallelism);
      }),
    );
  });
});

describe('a value that is no key', () => {
  it.each([
    [undefined, /the key is undefined/],
    [null, /the key is null/],
    [() => 1, /the key is a function/],
    [Symbol('x'), /the key is a symbol/],
    [new Date(Number.NaN), /an invalid Date/],
    [new Map(), /an instance of Map/],
    [['a', undefined], /part \[1\] is undefined/],
    [{ user: { id: null } }, /part \.user\.id is null/],
  ])('%o is refused with its reason', (key, reason) => {
    expect(() => canonicalKey(key)).toThrow(reason);
    expect(() => hashKey(key)).toThrow(/must be a string/);
  });

  it('nested without end is refused', () => {
    const loop: unknown[] = [];
    loop.push(loop);
    expect(() => canonicalKey(loop)).toThrow(/nested deeper/);
    expect(() => hashKey(loop)).toThrow(/nested deeper/);
  });
});
