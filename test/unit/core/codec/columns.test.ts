import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader } from '../../../../lib/core/codec/byte-reader.ts';
import { ByteWriter } from '../../../../lib/core/codec/byte-writer.ts';
import { columnReader, columnWriter } from '../../../../lib/core/codec/column-set.ts';
import type { Namespace } from '../../../../lib/core/log/state-delta.ts';
import { anyStateValue, differenceOf } from './state-values.ts';

const anyNumber = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(-0, 2 ** 51 - 1, 2 ** 51, -(2 ** 51) + 1, -(2 ** 51), 2 ** 53, Number.NEGATIVE_INFINITY),
);

const anyColumn: fc.Arbitrary<readonly unknown[]> = fc.oneof(
  fc.array(fc.integer()),
  fc.array(fc.integer({ min: -(2 ** 51) + 1, max: 2 ** 51 - 1 })),
  fc.array(anyNumber),
  fc.array(fc.constantFrom(undefined, 0, -0, 'global', true)),
  fc.array(anyStateValue, { maxLength: 6 }),
);

const anyNamespaces: fc.Arbitrary<readonly Namespace[]> = fc.oneof(
  fc.array(fc.tuple(anyNumber, anyNumber)),
  fc.array(fc.integer({ min: 0, max: 9 }).map((day) => [day * 60, day * 60 + 60] as const)),
  fc.array(fc.oneof(fc.constantFrom(undefined, 'global' as const), fc.tuple(fc.integer(), fc.integer()))),
);

function bytesOf(write: (columns: ReturnType<typeof columnWriter>) => void): ByteReader {
  const out = new ByteWriter();
  write(columnWriter(out, 'A column'));
  return new ByteReader(out.toBytes());
}

describe('columns', () => {
  test('keep their values exactly, one behind the other', () => {
    fc.assert(
      fc.property(fc.array(anyColumn, { maxLength: 4 }), (all) => {
        const input = bytesOf((columns) => {
          for (const values of all) columns.values(values);
        });
        const columns = columnReader(input);
        for (const values of all) {
          expect(differenceOf(columns.values(values.length), values)).toBeUndefined();
        }
        expect(input.remaining).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });

  test('keep namespaces exactly, however far apart the ends of a window are', () => {
    fc.assert(
      fc.property(anyNamespaces, (namespaces) => {
        const input = bytesOf((columns) => columns.namespaces(namespaces));
        expect(differenceOf(columnReader(input).namespaces(namespaces.length), namespaces)).toBeUndefined();
        expect(input.remaining).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });

  test('of one value everywhere, of rising numbers and of windows are small', () => {
    const sizeOf = (write: Parameters<typeof bytesOf>[0]) => bytesOf(write).remaining;
    const count = 1000;
    expect(sizeOf((columns) => columns.values(Array(count).fill(undefined)))).toBeLessThan(8);
    const times = Array.from({ length: count }, (_, i) => 1_700_000_000_000 + i);
    expect(sizeOf((columns) => columns.values(times))).toBeLessThan(count + 10);
    const windows = times.map((_, i) => [i * 60_000, i * 60_000 + 60_000] as const);
    expect(sizeOf((columns) => columns.namespaces(windows))).toBeLessThan(3 * count + 10);
  });
});
