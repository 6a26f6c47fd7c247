import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeAddress, rowChangesOf, statesOfRows } from '../../../../lib/core/codec/keyed-rows.ts';
import type { RowChange } from '../../../../lib/core/log/keyed-row.ts';
import type { KeyedChange, KeyedStateDelta, Namespace } from '../../../../lib/core/log/state-delta.ts';

const put = (part: unknown, namespace: Namespace = undefined): KeyedChange => ({
  ...{ op: 'put', key: 'k', namespace, part, value: 1 },
});

function rowsOf(kind: KeyedStateDelta['kind'], changes: readonly KeyedChange[], name = 's'): RowChange[] {
  return [...rowChangesOf([{ name, kind, changes }])];
}

/** Places of puts that a removal takes along. */
function taken(removal: RowChange | undefined, rows: readonly RowChange[]): readonly unknown[] {
  if (removal?.op !== 'remove') throw new Error('Nothing is removed.');
  return rows
    .filter(({ place }) => Buffer.compare(place, removal.place) >= 0)
    .filter(({ place }) => Buffer.compare(place, removal.end) < 0)
    .map(({ place }) => placeAddress(place).part);
}

describe('rows of keyed state', () => {
  it('come back as the state they were made of', () => {
    const states: readonly KeyedStateDelta[] = [
      { name: 'value', kind: 'value', changes: [put(undefined), put(undefined, 'global')] },
      { name: 'list', kind: 'list', changes: [put(0), put(1), put(0, [-5, 10])] },
      { name: 'map', kind: 'map', changes: [put('x'), put([1n, true]), put(new Date(3), [0, 1])] },
    ];
    const rows = [...rowChangesOf(states)].filter((row) => row.op === 'put');
    expect(statesOfRows(rows)).toEqual(states);
  });

  it('of equal keys are the same row', () => {
    const changes = [
      { a: 1, b: -0 },
      { b: 0, a: 1 },
    ].map((key) => ({ ...put(undefined), key }));
    const [first, second] = rowsOf('value', changes);
    expect(first?.key).toEqual(second?.key);
  });

  it('go by window when a key is cleared', () => {
    const puts = rowsOf('map', [put('a'), put('b'), put('c', 'global'), put('d', [0, 9])]);
    const [clear] = rowsOf('map', [{ op: 'clear', key: 'k', namespace: undefined }]);
    expect(taken(clear, puts)).toEqual(['a', 'b']);
    const [global] = rowsOf('map', [{ op: 'clear', key: 'k', namespace: 'global' }]);
    expect(taken(global, puts)).toEqual(['c']);
  });

  it('of a list go from a chunk on, of a map one by one', () => {
    const numbers = [...Array.from({ length: 300 }, (_, i) => i), 70_000];
    const cut: KeyedChange = { op: 'remove', key: 'k', namespace: undefined, part: 298 };
    const chunks = rowsOf(
      'list',
      numbers.map((part) => put(part)),
    );
    expect(taken(rowsOf('list', [cut])[0], chunks)).toEqual([298, 299, 70_000]);
    const entries = rowsOf(
      'map',
      numbers.map((part) => put(part)),
    );
    expect(taken(rowsOf('map', [cut])[0], entries)).toEqual([298]);
  });

  it('of one state are never taken along with those of another', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        fc.pre(a !== b);
        const clear: KeyedChange = { op: 'clear', key: 'k', namespace: undefined };
        expect(taken(rowsOf('map', [clear], a)[0], rowsOf('map', [put(1), put('')], b))).toEqual([]);
      }),
    );
  });

  it('that are damaged are refused', () => {
    const [row] = rowsOf('value', [put(undefined)]);
    const place = row?.place ?? new Uint8Array(0);
    for (let length = 0; length < place.length; length++) {
      expect(() => placeAddress(place.subarray(0, length))).toThrow('A place of keyed state is damaged');
    }
    expect(() => placeAddress(Buffer.concat([place, place]))).toThrow('A place of keyed state is damaged');
  });
});
