import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyGroupOf } from '../../../lib/core/key.ts';
import { keyGroupRange, operatorIndexForKeyGroup } from '../../../lib/core/key-groups.ts';
import type {
  KeyGroupWatermark,
  OperatorDelta,
  OperatorStateDelta,
  Redistribution,
} from '../../../lib/core/log/state-delta.ts';
import { StateImage } from '../../../lib/protocol/state-image.ts';
import { missingOperators, splitState } from '../../../lib/protocol/state-split.ts';

const MAX = 128;

function imageOf(...deltas: readonly Partial<OperatorDelta>[]): StateImage {
  const image = new StateImage();
  for (const delta of deltas) {
    image.apply({
      operator: 'op',
      keyed: [],
      timers: [],
      states: [],
      watermark: undefined,
      keyGroupWatermarks: undefined,
      ...delta,
    });
  }
  return image;
}

/** Keyed state, timers and split state of `count` keys, as `parallelism` subtasks hold them. */
function oldImages(count: number, parallelism: number): StateImage[] {
  const images = Array.from({ length: parallelism }, () => imageOf());
  for (let i = 0; i < count; i++) {
    const key = `key ${i}`;
    const owner = operatorIndexForKeyGroup(MAX, parallelism, keyGroupOf(key, MAX));
    const chunks = [0, 1].map(
      (part) => ({ op: 'put', key, namespace: [0, i], part, value: [i, part] }) as const,
    );
    images[owner]!.apply({
      operator: 'op',
      keyed: [
        {
          name: 'v',
          kind: 'value',
          changes: [{ op: 'put', key, namespace: undefined, part: undefined, value: i }],
        },
        { name: 'l', kind: 'list', changes: chunks },
      ],
      timers: [
        { op: 'add', domain: 'event', key, namespace: undefined, time: i },
        { op: 'add', domain: 'processing', key, namespace: undefined, time: i },
      ],
      states: [{ name: 's', redistribution: 'split', changes: [{ op: 'put', part: `p${i}`, value: i }] }],
      watermark: undefined,
      keyGroupWatermarks: undefined,
    });
  }
  return images;
}

/** Every place of a delta as text, with its subtask left out. */
function placesOf(deltas: readonly OperatorDelta[]): string[] {
  return deltas.flatMap(({ operator, keyed, timers, states }) => [
    ...keyed.flatMap(({ name, changes }) =>
      changes.map((change) => JSON.stringify([operator, name, change])),
    ),
    ...timers.map((timer) => JSON.stringify([operator, timer])),
    ...states.flatMap(({ name, changes }) =>
      changes.map((change) => JSON.stringify([operator, name, change])),
    ),
  ]);
}

function statesOf(redistribution: Redistribution, parts: readonly string[]): readonly OperatorStateDelta[] {
  return [{ name: 's', redistribution, changes: parts.map((part) => ({ op: 'put', part, value: part })) }];
}

function partsOf(split: readonly (readonly OperatorDelta[])[]): string[][] {
  return split.map((deltas) =>
    deltas.flatMap((delta) =>
      delta.states.flatMap((state) =>
        state.changes.map((change) => (change.op === 'put' ? `${change.part}=${String(change.value)}` : '')),
      ),
    ),
  );
}

describe('the split of state', () => {
  test('gives every place to exactly one subtask, and keyed state to the owner of its key group', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        (count, oldParallelism, newParallelism) => {
          const images = oldImages(count, oldParallelism);
          const split = splitState(images, { maxParallelism: MAX, newParallelism });
          const before = images.flatMap((image) => placesOf(image.deltas())).sort();
          expect(split.flatMap(placesOf).sort()).toEqual(before);
          split.forEach((deltas, subtask) => {
            const [first, last] = keyGroupRange(MAX, newParallelism, subtask);
            for (const { keyed, timers } of deltas) {
              const keys = [...keyed.flatMap((state) => state.changes), ...timers].map((place) => place.key);
              for (const key of keys) {
                expect(keyGroupOf(key, MAX)).toBeGreaterThanOrEqual(first);
                expect(keyGroupOf(key, MAX)).toBeLessThanOrEqual(last);
              }
            }
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  test('split again to the old parallelism is what it was', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        (oldParallelism, between) => {
          const images = oldImages(40, oldParallelism);
          const there = splitState(images, { maxParallelism: MAX, newParallelism: between });
          const back = splitState(
            there.map((deltas) => imageOf(...deltas)),
            { maxParallelism: MAX, newParallelism: oldParallelism },
          );
          const keyedOf = (deltas: readonly OperatorDelta[]) =>
            placesOf(deltas.map((delta) => ({ ...delta, states: [] }))).sort();
          expect(back.map(keyedOf)).toEqual(images.map((image) => keyedOf(image.deltas())));
        },
      ),
      { numRuns: 36 },
    );
  });

  test('deals out split state, copies union and broadcast state, drops state of the subtask', () => {
    const split = (redistribution: Redistribution, newParallelism: number) =>
      partsOf(
        splitState(
          [
            imageOf({ states: statesOf(redistribution, ['a', 'b', 'c']) }),
            imageOf({ states: statesOf(redistribution, ['a', 'd']) }),
          ],
          { maxParallelism: MAX, newParallelism },
        ),
      );
    expect(split('split', 3)).toEqual([['a=a', 'a~1=a'], ['b=b', 'd=d'], ['c=c']]);
    expect(split('split', 2)).toEqual([
      ['a=a', 'b=b', 'c=c'],
      ['a=a', 'd=d'],
    ]);
    expect(split('union', 2)).toEqual(Array(2).fill(['a=a', 'b=b', 'c=c', 'a~1=a', 'd=d']));
    expect(split('broadcast', 3)).toEqual(Array(3).fill(['a=a', 'b=b', 'c=c']));
    expect(split('broadcast', 2)).toEqual([
      ['a=a', 'b=b', 'c=c'],
      ['a=a', 'd=d'],
    ]);
    expect(split('subtask', 2)).toEqual([[], []]);
  });

  test('takes the lowest watermark, and keeps with the key groups what they had reached beyond it', () => {
    const images = [imageOf({ watermark: 50 }), imageOf({ watermark: 20 })];
    const [only] = splitState(images, { maxParallelism: MAX, newParallelism: 1 });
    expect(only![0]).toMatchObject({
      watermark: 20,
      keyGroupWatermarks: [{ firstKeyGroup: 0, lastKeyGroup: 63, watermark: 50 }],
    });
    const three = splitState(images, { maxParallelism: MAX, newParallelism: 3 }).map(
      (deltas) => deltas[0]!.keyGroupWatermarks,
    );
    expect(three).toEqual([
      [{ firstKeyGroup: 0, lastKeyGroup: 42, watermark: 50 }],
      [{ firstKeyGroup: 43, lastKeyGroup: 63, watermark: 50 }],
      undefined,
    ]);
  });

  test('has no watermark while one of those merged has none', () => {
    const [only] = splitState([imageOf({ watermark: 50 }), imageOf()], {
      maxParallelism: MAX,
      newParallelism: 1,
    });
    expect(only![0]!.watermark).toBeUndefined();
    expect(only![0]!.keyGroupWatermarks).toEqual([{ firstKeyGroup: 0, lastKeyGroup: 63, watermark: 50 }]);
  });

  test('never lets a key group fall behind what it had reached, over any number of splits', () => {
    const reached = (deltas: readonly OperatorDelta[], group: number) => {
      const ranges: readonly KeyGroupWatermark[] = deltas[0]?.keyGroupWatermarks ?? [];
      const own = ranges.find((range) => range.firstKeyGroup <= group && group <= range.lastKeyGroup);
      return Math.max(deltas[0]?.watermark ?? -1, own?.watermark ?? -1);
    };
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 5 }),
        (watermarks, parallelisms) => {
          let subtasks: readonly (readonly OperatorDelta[])[] = watermarks.map((watermark) =>
            imageOf({ watermark }).deltas(),
          );
          const before = Array.from({ length: MAX }, (_, group) =>
            reached(subtasks[operatorIndexForKeyGroup(MAX, subtasks.length, group)]!, group),
          );
          for (const newParallelism of parallelisms) {
            const images = subtasks.map((deltas) => imageOf(...deltas));
            subtasks = splitState(images, { maxParallelism: MAX, newParallelism });
          }
          before.forEach((watermark, group) => {
            const owner = operatorIndexForKeyGroup(MAX, subtasks.length, group);
            expect(reached(subtasks[owner]!, group)).toBe(watermark);
          });
        },
      ),
    );
  });

  test('takes over only the operators asked for, and names those whose state would be lost', () => {
    const images = [
      imageOf({ operator: 'kept', states: statesOf('split', ['a']) }, { operator: 'gone', watermark: 5 }),
      imageOf(
        { operator: 'lost', states: statesOf('union', ['a']) },
        { operator: 'own', states: statesOf('subtask', ['a']) },
      ),
    ];
    const operators = new Set(['kept']);
    expect(missingOperators(images, operators)).toEqual(['lost']);
    const split = splitState(images, { maxParallelism: MAX, newParallelism: 1, operators });
    expect(split[0]!.map((delta) => delta.operator)).toEqual(['kept']);
  });
});
