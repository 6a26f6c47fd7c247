import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  assignToKeyGroup,
  defaultMaxParallelism,
  keyGroupRange,
  operatorIndexForKeyGroup,
} from '../../../lib/core/key-groups.ts';

// Golden vectors computed from apache/flink: KeyGroupRangeAssignment and MathUtils.murmurHash.
// [key as Java wrote it, Java hash, key group of 128, subtask of 4]
const VECTORS = [
  ['String ""', 0, 94, 2],
  ['String "a"', 97, 81, 2],
  ['String "b"', 98, 22, 0],
  ['String "key1"', 3288498, 41, 1],
  ['String "key2"', 3288499, 27, 0],
  ['String "user-42"', -147182656, 20, 0],
  ['String "hello"', 99162322, 35, 1],
  ['String "world"', 113318802, 66, 2],
  ['String "1234567890"', -2054162789, 45, 1],
  ['String "é"', 233, 30, 0],
  ['String "Ω"', 937, 15, 0],
  ['Integer 0', 0, 94, 2],
  ['Integer 1', 1, 86, 2],
  ['Integer 2', 2, 127, 3],
  ['Integer 42', 42, 29, 0],
  ['Integer 1000', 1000, 7, 0],
  ['Integer -1', -1, 80, 2],
  ['Long 0', 0, 94, 2],
  ['Long 1', 1, 86, 2],
  ['Long 1000', 1000, 7, 0],
  ['Long 2013000185', 2013000185, 43, 1],
  ['Long 1577880000000', 1627002735, 76, 2],
  ['Long -1', 0, 94, 2],
] as const;

// Full murmur values of the same vectors: a max parallelism above every one of them leaves the hash as it is.
const MURMUR = [
  [0, 593689054],
  [97, 1455541201],
  [98, 516420758],
  [3288498, 226217641],
  [-147182656, 1600933524],
  [-2054162789, 1688537005],
  [113318802, 2116508994],
  [2, 1085422463],
  [-1, 1982413648],
  [1627002735, 1603187404],
] as const;

const RANGES = [
  [128, 1, [[0, 127]]],
  [
    128,
    3,
    [
      [0, 42],
      [43, 85],
      [86, 127],
    ],
  ],
  [
    128,
    5,
    [
      [0, 25],
      [26, 51],
      [52, 76],
      [77, 102],
      [103, 127],
    ],
  ],
  [
    10,
    3,
    [
      [0, 3],
      [4, 6],
      [7, 9],
    ],
  ],
  [
    10,
    4,
    [
      [0, 2],
      [3, 4],
      [5, 7],
      [8, 9],
    ],
  ],
  [
    4096,
    7,
    [
      [0, 585],
      [586, 1170],
      [1171, 1755],
      [1756, 2340],
      [2341, 2925],
      [2926, 3510],
      [3511, 4095],
    ],
  ],
] as const;

const DEFAULTS = [
  [1, 128],
  [4, 128],
  [85, 128],
  [86, 256],
  [100, 256],
  [171, 256],
  [200, 512],
  [1000, 2048],
  [21846, 32768],
  [32768, 32768],
] as const;

describe('key groups agree with Flink', () => {
  test.each(VECTORS)('%s with hash %i is in key group %i on subtask %i', (_, hash, keyGroup, subtask) => {
    expect(assignToKeyGroup(hash, 128)).toBe(keyGroup);
    expect(operatorIndexForKeyGroup(128, 4, keyGroup)).toBe(subtask);
  });

  test.each(MURMUR)('the murmur hash of %i is %i', (hash, murmur) => {
    expect(assignToKeyGroup(hash, 2 ** 31)).toBe(murmur);
  });

  test.each(RANGES)('max parallelism %i over %i subtasks gives the ranges %j', (max, parallelism, ranges) => {
    const own = Array.from({ length: parallelism }, (_, index) => keyGroupRange(max, parallelism, index));
    expect(own).toEqual(ranges);
  });

  test.each(DEFAULTS)('the default max parallelism of parallelism %i is %i', (parallelism, max) => {
    expect(defaultMaxParallelism(parallelism)).toBe(max);
  });
});

describe('key groups of any layout', () => {
  const layout = fc
    .integer({ min: 1, max: 32_768 })
    .chain((max) =>
      fc.record({ max: fc.constant(max), parallelism: fc.integer({ min: 1, max: Math.min(max, 300) }) }),
    );

  test('the ranges of the subtasks partition the key groups and agree with the owner of each', () => {
    fc.assert(
      fc.property(layout, ({ max, parallelism }) => {
        let next = 0;
        for (let index = 0; index < parallelism; index++) {
          const [start, end] = keyGroupRange(max, parallelism, index);
          expect(start).toBe(next);
          expect(operatorIndexForKeyGroup(max, parallelism, start)).toBe(index);
          expect(operatorIndexForKeyGroup(max, parallelism, end)).toBe(index);
          next = end + 1;
        }
        expect(next).toBe(max);
      }),
    );
  });

  test('every 32-bit hash has a key group', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), layout, (hash, { max }) => {
        const keyGroup = assignToKeyGroup(hash, max);
        expect(Number.isInteger(keyGroup) && keyGroup >= 0 && keyGroup < max).toBe(true);
      }),
    );
  });
});
