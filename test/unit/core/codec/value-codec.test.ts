import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeValue, encodeValue } from '../../../../lib/core/codec/value-codec.ts';
import { LIMITS } from '../../../../lib/core/limits.ts';
import { anyStateValue, differenceOf } from './state-values.ts';

function roundTrip(value: unknown): unknown {
  return decodeValue(encodeValue(value));
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? { value } : [value];
  return value;
}

describe('the value codec', () => {
  test('keeps every legal value exactly', () => {
    fc.assert(
      fc.property(anyStateValue, (value) => {
        expect(differenceOf(value, roundTrip(value))).toBeUndefined();
      }),
      { numRuns: 3000 },
    );
  });

  test('gives equal bytes for equal values', () => {
    fc.assert(
      fc.property(anyStateValue, (value) => {
        expect(encodeValue(roundTrip(value))).toEqual(encodeValue(value));
      }),
    );
  });

  test.each([
    ['a member that is undefined', { a: undefined }],
    ['minus zero', -0],
    ['minus zero among zeros', [0, -0, 0]],
    ['a lone surrogate', 'a\ud800b'],
    ['a lone surrogate as a name', { '\udc00': 1 }],
    ['a property named __proto__', JSON.parse('{"__proto__": {"a": 1}}')],
    ['a long string', 'ä'.repeat(70_000)],
    ['an array with 70,000 elements', Array.from({ length: 70_000 }, (_, i) => i)],
    [
      'an object with 70,000 names',
      Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`n${i}`, i])),
    ],
    [
      'the same names again after the table is full',
      [
        Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`n${i}`, i])),
        Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`n${i}`, i])),
      ],
    ],
    ['a large map', new Map(Array.from({ length: 70_000 }, (_, i) => [i, { i }]))],
    ['a set of 300 bytes', new Set(['x'.repeat(300)])],
    ['an array of holes only', new Array(5)],
    ['an invalid date', new Date(Number.NaN)],
    ['a part of a buffer', new Uint8Array([1, 2, 3, 4]).subarray(1, 3)],
    ['an unaligned part of a buffer', new DataView(new ArrayBuffer(9), 1, 8)],
  ])('keeps %s', (_, value) => {
    const copy = roundTrip(value);
    expect(differenceOf(value, copy)).toBeUndefined();
  });

  test(`keeps ${LIMITS.stateValueDepthMax} levels and refuses one more`, () => {
    const deepest = nested(LIMITS.stateValueDepthMax);
    expect(differenceOf(deepest, roundTrip(deepest))).toBeUndefined();
    expect(() => encodeValue(nested(LIMITS.stateValueDepthMax + 1))).toThrow(/nested deeper than 100 levels/);
  });

  test('writes a reference that occurs twice twice, and refuses a cycle', () => {
    const shared = { a: 1 };
    expect(roundTrip([shared, shared])).toEqual([{ a: 1 }, { a: 1 }]);
    const cycle: unknown[] = [];
    cycle.push({ cycle });
    expect(() => encodeValue(cycle)).toThrow(/A value cannot keep value\[0\]\.cycle, which is .*a cycle/);
  });

  test.each([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['an instance of Buffer', Buffer.from('x')],
    ['an instance of RegExp', /x/],
  ])('refuses %s', (fault, value) => {
    expect(() => encodeValue({ a: [value] })).toThrow(
      new RegExp(`cannot keep value\\.a\\[0\\], which is ${fault}`),
    );
  });

  test('owns its bytes and copies what it reads', () => {
    const first = encodeValue(new Uint8Array([1, 2, 3]));
    const before = [...first];
    encodeValue(new Uint8Array([9, 9, 9]));
    expect([...first]).toEqual(before);
    expect(first.buffer.byteLength).toBe(first.length);
    const decoded = decodeValue(first);
    first.fill(0);
    expect(decoded).toEqual(new Uint8Array([1, 2, 3]));
  });

  test('writes a property name once', () => {
    const rows = Array.from({ length: 100 }, (_, i) => ({ 'a long property name': i }));
    expect(encodeValue(rows).length).toBeLessThan(100 * 3 + 30);
  });

  test('calls bytes damaged that are no value', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          decodeValue(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: 'STATE_CORRUPT' });
        }
      }),
      { numRuns: 2000 },
    );
    expect(() => decodeValue(new Uint8Array([1, 2]))).toThrow(/A value is damaged: 1 bytes behind the value/);
  });
});
