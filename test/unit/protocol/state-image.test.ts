import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalKey } from '../../../lib/core/key.ts';
import type { KeyedChange, OperatorDelta } from '../../../lib/core/log/state-delta.ts';
import type { StateKind } from '../../../lib/core/state.ts';
import { StateImage } from '../../../lib/protocol/state-image.ts';

const KINDS: readonly StateKind[] = ['value', 'list', 'map', 'reducing', 'aggregating'];
const anyKey = fc.constantFrom<unknown>('a', 'b', '\u0000n0,10 sa', 1, '1', 1n, true, 0, -0, ['a', 1], {
  a: 1,
});
const anyNamespace = fc.constantFrom(undefined, 'global' as const, [0, 10] as const, [5, 15] as const);

const anyChange = fc.record({
  kind: fc.constantFrom(...KINDS),
  op: fc.constantFrom('put' as const, 'put' as const, 'put' as const, 'remove' as const, 'clear' as const),
  key: anyKey,
  namespace: anyNamespace,
  chunk: fc.integer({ min: 0, max: 3 }),
  value: fc.integer(),
});
type Change = typeof anyChange extends fc.Arbitrary<infer T> ? T : never;

function deltaOf({ kind, op, key, namespace, chunk, value }: Change): OperatorDelta {
  const part = kind === 'list' ? chunk : kind === 'map' ? `user key ${chunk}` : undefined;
  const change: KeyedChange =
    op === 'put'
      ? { op, key, namespace, part, value }
      : op === 'remove'
        ? { op, key, namespace, part }
        : { op, key, namespace };
  return deltaWith({ keyed: [{ name: kind, kind, changes: [change] }] });
}

function deltaWith(fields: Partial<OperatorDelta>): OperatorDelta {
  return {
    operator: 'op',
    keyed: [],
    timers: [],
    states: [],
    watermark: undefined,
    keyGroupWatermarks: undefined,
    ...fields,
  };
}

/** The slowest possible fold: a plain list of places, searched for each change. */
class NaiveImage {
  places: { place: string; under: string; chunk: number; value: number }[] = [];

  apply({ kind, op, key, namespace, chunk, value }: Change): void {
    const under = JSON.stringify([kind, typeof key, String(canonicalKey(key)), namespace]);
    const parted = kind === 'list' || kind === 'map';
    const place = parted ? `${under} ${chunk}` : under;
    if (op === 'put') {
      const old = this.places.find((one) => one.place === place);
      if (old === undefined) this.places.push({ place, under, chunk, value });
      else old.value = value;
      return;
    }
    this.places = this.places.filter((one) => {
      if (op === 'clear' || !parted) return one.under !== under;
      return one.under !== under || (kind === 'list' ? one.chunk < chunk : one.chunk !== chunk);
    });
  }

  contents(): readonly string[] {
    return this.places.map(({ place, value }) => `${place} = ${value}`).sort();
  }
}

function contentsOf(image: StateImage): readonly string[] {
  const places = image.deltas().flatMap((delta) =>
    delta.keyed.flatMap(({ kind, changes }) =>
      changes.map((change) => {
        if (change.op !== 'put') throw new Error('not a put');
        const under = JSON.stringify([
          kind,
          typeof change.key,
          String(canonicalKey(change.key)),
          change.namespace,
        ]);
        const part = kind === 'list' || kind === 'map' ? ` ${String(change.part).slice(-1)}` : '';
        return `${under}${part} = ${String(change.value)}`;
      }),
    ),
  );
  return places.sort();
}

function fold(deltas: readonly OperatorDelta[]): StateImage {
  const image = new StateImage();
  for (const delta of deltas) image.apply(delta);
  return image;
}

describe('the image of a subtask', () => {
  test('I9: is the fold of every prefix of its changes', () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 60 }), (changes) => {
        const image = new StateImage();
        const naive = new NaiveImage();
        for (const change of changes) {
          image.apply(deltaOf(change));
          naive.apply(change);
          expect(contentsOf(image)).toEqual(naive.contents());
        }
      }),
      { numRuns: 200 },
    );
  });

  test('is the same when every delta is applied twice, or the whole is folded again', () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 60 }), (changes) => {
        const deltas = changes.map(deltaOf);
        const once = fold(deltas);
        expect(contentsOf(fold(deltas.flatMap((delta) => [delta, delta])))).toEqual(contentsOf(once));
        expect(fold(once.deltas()).deltas()).toEqual(once.deltas());
      }),
    );
  });

  test('keeps timers of both domains in the order in which they were set', () => {
    const timer = (key: string, time: number, domain: 'event' | 'processing' = 'event') =>
      ({ op: 'add', domain, key, namespace: undefined, time }) as const;
    const image = fold([
      deltaWith({ timers: [timer('b', 5), timer('a', 5), timer('b', 5, 'processing'), timer('b', 5)] }),
      deltaWith({ timers: [{ ...timer('b', 5), op: 'remove' }, timer('c', 5)] }),
    ]);
    expect(image.deltas()[0]!.timers).toEqual([timer('a', 5), timer('b', 5, 'processing'), timer('c', 5)]);
  });

  test('folds operator state part by part, and keeps the last watermarks', () => {
    const state = { name: 's', redistribution: 'split' } as const;
    const ranges = [{ firstKeyGroup: 0, lastKeyGroup: 1, watermark: 9 }];
    const image = fold([
      deltaWith({ watermark: 4, keyGroupWatermarks: ranges, states: [{ ...state, changes: [put('x', 1)] }] }),
      deltaWith({ states: [{ ...state, changes: [{ op: 'clear' }, put('y', 2), put('z', 3)] }] }),
      deltaWith({ watermark: 6, states: [{ ...state, changes: [{ op: 'remove', part: 'y' }] }] }),
    ]);
    expect(image.deltas()).toEqual([
      deltaWith({ watermark: 6, keyGroupWatermarks: ranges, states: [{ ...state, changes: [put('z', 3)] }] }),
    ]);
    image.apply(deltaWith({ keyGroupWatermarks: [] }));
    expect(image.deltas()[0]!.keyGroupWatermarks).toBeUndefined();
  });

  test('has no deltas when nothing is left', () => {
    const one = { op: 'put', key: 'a', namespace: undefined, part: undefined, value: 1 } as const;
    const image = fold([deltaWith({ keyed: [{ name: 'v', kind: 'value', changes: [one] }] })]);
    image.apply(
      deltaWith({
        keyed: [{ name: 'v', kind: 'value', changes: [{ op: 'clear', key: 'a', namespace: undefined }] }],
      }),
    );
    expect(image.deltas()).toEqual([]);
  });

  test('refuses a state that changes its kind', () => {
    const image = fold([deltaWith({ keyed: [{ name: 'v', kind: 'value', changes: [] }] })]);
    expect(() => image.apply(deltaWith({ keyed: [{ name: 'v', kind: 'map', changes: [] }] }))).toThrow(
      "State 'v' of operator op is value in its log and map later.",
    );
  });
});

function put(
  part: string,
  value: unknown,
): { readonly op: 'put'; readonly part: string; readonly value: unknown } {
  return { op: 'put', part, value };
}
