/** `npm run sim -- --seeds N [--seed S] [--mutant NAME] [--jobs table]`: random histories of the protocol. */
import { drawJob, drawTableJob } from '../lib/testing/simulator/generated-jobs.ts';
import { SAFE_RULES } from '../lib/testing/simulator/listed-rules.ts';
import { MUTANTS } from '../lib/testing/simulator/mutants.ts';
import { NO_MUTATION } from '../lib/testing/simulator/mutation.ts';
import { type SimulationResult, simulate } from '../lib/testing/simulator/simulation.ts';
import { oneOf, readFlags, wholeNumber } from './flags.ts';

const TRACE_LINES = 100_000;

const flags = readFlags({
  seeds: { type: 'string', default: '300' },
  from: { type: 'string', default: '1' },
  seed: { type: 'string' },
  mutant: { type: 'string' },
  jobs: { type: 'string' },
});
const draw = oneOf(
  'jobs',
  flags.jobs ?? 'heap',
  new Map([
    ['heap', drawJob],
    ['table', drawTableJob],
  ]),
);
const mutations = new Map([...MUTANTS, ...SAFE_RULES].map(({ name, mutation }) => [name, mutation]));
const mutation = flags.mutant === undefined ? NO_MUTATION : oneOf('mutant', flags.mutant, mutations);
const range = { from: wholeNumber('from', flags.from), count: wholeNumber('seeds', flags.seeds) };
process.exitCode =
  flags.seed === undefined ? await runMany(range) : await runOne(wholeNumber('seed', flags.seed));

async function runOne(seed: number): Promise<number> {
  const result = await simulate({ seed, drawJob: draw, mutation, traceLines: TRACE_LINES });
  for (const line of result.trace) console.log(line);
  console.log(summaryOf(result));
  return result.failure === undefined ? 0 : 1;
}

async function runMany({ from, count }: typeof range): Promise<number> {
  const startedAt = performance.now();
  let failed = 0;
  let steps = 0;
  for (let seed = from; seed < from + count; seed++) {
    const result = await simulate({ seed, drawJob: draw, mutation });
    steps += result.steps;
    if (result.failure !== undefined) {
      failed++;
      console.log(`${summaryOf(result)}\n  replay: npm run sim -- --seed ${seed}${options()}`);
    }
    if ((seed - from + 1) % 100 === 0) console.log(`${seed - from + 1} of ${count} seeds, ${failed} failed`);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(`${count} seeds, ${failed} failed, ${steps} steps, ${seconds.toFixed(1)} s`);
  return failed === 0 ? 0 : 1;
}

function options(): string {
  const mutant = flags.mutant === undefined ? '' : ` --mutant ${flags.mutant}`;
  return flags.jobs === 'table' ? `${mutant} --jobs table` : mutant;
}

function summaryOf({ seed, job, failure, steps, virtualMs, traceHash }: SimulationResult): string {
  const what = failure === undefined ? 'passed' : `FAILED ${failure.message}`;
  const seconds = Math.round(virtualMs / 1000);
  return `seed ${seed}, ${job}: ${what} (${steps} steps, ${seconds} s, trace ${traceHash})`;
}
