import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalKey, encodeKey } from '../../../lib/core/key.ts';
import { decodeKey, KeyReader } from '../../../lib/core/key-reader.ts';

const { key } = fc.letrec<{ readonly key: unknown }>((tie) => ({
  key: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.integer(),
    fc.bigInt(),
    fc.boolean(),
    fc.date({ noInvalidDate: true }),
    fc.array(tie('key'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('key'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

describe('decodeKey', () => {
  it('gives a key that equals the one that was encoded', () => {
    fc.assert(
      fc.property(key, (value) => {
        expect(canonicalKey(decodeKey(encodeKey(value)))).toEqual(canonicalKey(value));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    '',
    'é\u0000\u0001😀',
    '\ud800',
    'x'.repeat(10_000),
    -0,
    Number.NaN,
    Number.NEGATIVE_INFINITY,
    0n,
    -(2n ** 80n),
    new Date(0),
    [],
    {},
    [['a', [1n]], { b: true }],
  ])('keeps %s', (value) => {
    expect(decodeKey(encodeKey(value))).toEqual(value === 0 ? 0 : value);
  });

  it('keeps a property named __proto__', () => {
    const value = Object.fromEntries([['__proto__', 1]]);
    expect(Object.keys(decodeKey(encodeKey(value)) as object)).toEqual(['__proto__']);
  });

  it('reads keys that stand one behind the other', () => {
    fc.assert(
      fc.property(fc.array(key), (values) => {
        const reader = new KeyReader(Buffer.concat(values.map(encodeKey)));
        for (const value of values) expect(canonicalKey(reader.read())).toEqual(canonicalKey(value));
        expect(reader.remaining).toBe(0);
      }),
    );
  });

  it('refuses bytes that are no key', () => {
    const whole = encodeKey(['a', { b: 1n }]);
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeKey(whole.subarray(0, length))).toThrow(RangeError);
    }
    expect(() => decodeKey(Uint8Array.of(99))).toThrow('no key begins with the byte 99');
    expect(() => decodeKey(Uint8Array.of(1, 1))).toThrow('1 bytes behind the key');
    expect(() => decodeKey(Uint8Array.of(4, 1, 255, 255, 255, 255))).toThrow('the key has no end');
  });
});
