import type { AssertionId } from './assertion-error.ts';
import { drawJob, drawTableJob } from './generated-jobs.ts';
import type { Mutation } from './mutation.ts';
import { simulate } from './simulation.ts';

/** How a mutant was caught. */
export interface Catch {
  readonly seed: number;
  readonly assertion: AssertionId;
  readonly message: string;
}

/** Runs seeds from 1 on until one fails; undefined if none of `seedsMax` does. */
export async function catchMutant(
  { mutation, jobs }: { readonly mutation: Mutation; readonly jobs?: 'table' },
  seedsMax: number,
): Promise<Catch | undefined> {
  for (let seed = 1; seed <= seedsMax; seed++) {
    const { failure } = await simulate({
      seed,
      drawJob: jobs === 'table' ? drawTableJob : drawJob,
      mutation,
    });
    if (failure !== undefined) return { seed, ...failure };
  }
  return undefined;
}
