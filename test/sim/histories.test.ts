import { describe, expect, it } from 'vitest';
import { drawJob } from '../../lib/testing/simulator/generated-jobs.ts';
import { NO_MUTATION } from '../../lib/testing/simulator/mutation.ts';
import { simulate } from '../../lib/testing/simulator/simulation.ts';

const SEEDS = 300;
const run = (seed: number) => simulate({ seed, drawJob, mutation: NO_MUTATION });

describe('simulated histories', () => {
  it('are the same for the same seed', async () => {
    for (const seed of [1, 2, 3]) {
      const [first, second] = [await run(seed), await run(seed)];
      expect(second.traceHash).toBe(first.traceHash);
      expect(second.steps).toBe(first.steps);
    }
  });

  it(`A1–A16 hold in ${SEEDS} of them`, async () => {
    const failures: string[] = [];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { failure } = await run(seed);
      if (failure !== undefined) failures.push(`npm run sim -- --seed ${seed}: ${failure.message}`);
    }
    expect(failures).toEqual([]);
  });
});
