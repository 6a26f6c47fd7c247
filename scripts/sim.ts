/** `npm run sim -- --seeds N [--seed S] [--mutant NAME]`: random histories of the protocol. */
import { parseArgs } from 'node:util';
import { drawJob } from '../lib/testing/simulator/generated-jobs.ts';
import { MUTANTS } from '../lib/testing/simulator/mutants.ts';
import { NO_MUTATION } from '../lib/testing/simulator/mutation.ts';
import { type SimulationResult, simulate } from '../lib/testing/simulator/simulation.ts';

const TRACE_LINES = 100_000;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '300' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    mutant: { type: 'string' },
  },
});

const mutation = mutationOf(values.mutant);
process.exitCode = values.seed === undefined ? await runMany() : await runOne(Number(values.seed));

function mutationOf(name: string | undefined) {
  if (name === undefined) return NO_MUTATION;
  const mutant = MUTANTS.find((candidate) => candidate.name === name);
  if (mutant !== undefined) return mutant.mutation;
  throw new Error(`There is no mutant ${name}; there are ${MUTANTS.map((one) => one.name).join(', ')}.`);
}

async function runOne(seed: number): Promise<number> {
  const result = await simulate({ seed, drawJob, mutation, traceLines: TRACE_LINES });
  for (const line of result.trace) console.log(line);
  console.log(summaryOf(result));
  return result.failure === undefined ? 0 : 1;
}

async function runMany(): Promise<number> {
  const count = Number(values.seeds);
  const from = Number(values.from);
  const startedAt = performance.now();
  let failed = 0;
  let steps = 0;
  for (let seed = from; seed < from + count; seed++) {
    const result = await simulate({ seed, drawJob, mutation });
    steps += result.steps;
    if (result.failure !== undefined) {
      failed++;
      console.log(`${summaryOf(result)}\n  replay: npm run sim -- --seed ${seed}${mutantOption()}`);
    }
    if ((seed - from + 1) % 100 === 0) console.log(`${seed - from + 1} of ${count} seeds, ${failed} failed`);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(`${count} seeds, ${failed} failed, ${steps} steps, ${seconds.toFixed(1)} s`);
  return failed === 0 ? 0 : 1;
}

function mutantOption(): string {
  return values.mutant === undefined ? '' : ` --mutant ${values.mutant}`;
}

function summaryOf({ seed, job, failure, steps, virtualMs, traceHash }: SimulationResult): string {
  const what = failure === undefined ? 'passed' : `FAILED ${failure.message}`;
  const seconds = Math.round(virtualMs / 1000);
  return `seed ${seed}, ${job}: ${what} (${steps} steps, ${seconds} s, trace ${traceHash})`;
}
