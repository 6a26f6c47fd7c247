/** What every Random keeps. */
import { expect } from 'vitest';
import type { Random } from '../../lib/ports/random.ts';
import { type ContractCase, type ContractOptions, describeContract, type Open } from './contract-cases.ts';

const DRAWS = 20_000;

function draw(random: Random, count: number): readonly number[] {
  return Array.from({ length: count }, () => random.next());
}

const cases: readonly ContractCase<Random>[] = [
  {
    id: 'RND-01',
    says: 'a number is at least 0 and below 1',
    run: async (random) => {
      expect(draw(random, DRAWS).filter((number) => !(number >= 0 && number < 1))).toEqual([]);
    },
  },
  {
    id: 'RND-02',
    says: 'numbers are spread evenly, also those of every other draw',
    run: async (random) => {
      const numbers = draw(random, DRAWS);
      for (const some of [numbers, numbers.filter((_, i) => i % 2 === 0)]) {
        const tenths = Array.from({ length: 10 }, () => 0);
        for (const number of some) tenths[Math.floor(number * 10)]! += 1;
        // An even generator is that far off once in more than a million tests.
        const off = 6 * Math.sqrt(some.length * 0.09);
        for (const tenth of tenths) expect(Math.abs(tenth - some.length / 10)).toBeLessThan(off);
      }
    },
  },
  {
    id: 'RND-03',
    says: 'numbers come back only by chance',
    run: async (random) => {
      expect(new Set(draw(random, 1000)).size).toBeGreaterThan(990);
    },
  },
  {
    id: 'RND-04',
    says: 'half of the numbers follow a smaller one',
    run: async (random) => {
      const numbers = draw(random, DRAWS);
      const rises = numbers.filter((number, i) => i > 0 && number > numbers[i - 1]!).length;
      expect(Math.abs(rises - DRAWS / 2)).toBeLessThan(6 * Math.sqrt(DRAWS / 4));
    },
  },
];

/** The contract of Random. */
export function describeRandom(name: string, open: Open<Random>, options: ContractOptions = {}): void {
  describeContract(`${name}: Random`, cases, { ...options, open });
}
