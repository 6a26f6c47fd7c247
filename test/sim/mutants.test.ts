import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LISTED_RULES, SAFE_RULES } from '../../lib/testing/simulator/listed-rules.ts';
import { catchMutant } from '../../lib/testing/simulator/mutant-run.ts';
import { MUTANTS } from '../../lib/testing/simulator/mutants.ts';

const SEEDS_MAX = 400;
const SAFE_SEEDS = 10;
/** Numbers of the known failures against which the protocol has a rule. */
const ROWS_WITH_RULES = [
  2, 5, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 22, 26, 29, 31, 32, 33, 34, 35, 41, 42, 47, 48, 51, 57, 59, 64,
  65, 66,
];

describe('a rule that is taken out is noticed', () => {
  it.each(MUTANTS)('$name: $change', async (mutant) => {
    const caught = await catchMutant(mutant, SEEDS_MAX);
    expect(caught, 'no seed notices').toBeDefined();
    expect(mutant.caughtBy, caught?.message).toContain(caught?.assertion);
  });

  it.each(SAFE_RULES)('$name is safe without: $reason', async (rule) => {
    expect((await catchMutant(rule, SAFE_SEEDS))?.message).toBeUndefined();
  });
});

describe('the catalogue of rules', () => {
  it('has a rule for every known failure', () => {
    const covered = new Set([...MUTANTS, ...SAFE_RULES, ...LISTED_RULES].flatMap(({ rows }) => rows));
    expect(ROWS_WITH_RULES.filter((row) => !covered.has(row))).toEqual([]);
  });

  it('names tests that exist', () => {
    const missing = LISTED_RULES.filter(({ test }) => test !== undefined && !existsSync(test));
    expect(missing).toEqual([]);
  });

  it('gives each a name of its own', () => {
    const names = [...MUTANTS, ...SAFE_RULES, ...LISTED_RULES].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
