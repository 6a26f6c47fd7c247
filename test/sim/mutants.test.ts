import { describe, expect, it } from 'vitest';
import { catchMutant } from '../../lib/testing/simulator/mutant-run.ts';
import { LISTED_RULES, MUTANTS } from '../../lib/testing/simulator/mutants.ts';

const SEEDS_MAX = 300;

describe('a rule that is taken out is noticed', () => {
  it.each(MUTANTS)('$name: $change', async (mutant) => {
    const caught = await catchMutant(mutant, SEEDS_MAX);
    expect(caught, 'no seed notices').toBeDefined();
    expect(mutant.caughtBy, caught?.message).toContain(caught?.assertion);
  });

  it('has a name of its own, and so has every rule that stays', () => {
    const names = [...MUTANTS, ...LISTED_RULES].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
