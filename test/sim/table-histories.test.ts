import { describe, expect, it } from 'vitest';
import { drawTableJob } from '../../lib/testing/simulator/generated-jobs.ts';
import { NO_MUTATION } from '../../lib/testing/simulator/mutation.ts';
import { simulate } from '../../lib/testing/simulator/simulation.ts';

const SEEDS = 80;

describe('simulated histories of jobs whose keyed state is in a table', () => {
  it(`A1–A16 hold in ${SEEDS} of them`, async () => {
    const failures: string[] = [];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { failure } = await simulate({ seed, drawJob: drawTableJob, mutation: NO_MUTATION });
      if (failure !== undefined) failures.push(`seed ${seed}: ${failure.message}`);
    }
    expect(failures).toEqual([]);
  });
});
