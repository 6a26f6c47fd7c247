/** `npm run sim:mutants [-- --seeds N]`: how many seeds it takes to notice each rule that is taken out. */
import { parseArgs } from 'node:util';
import { catchMutant } from '../lib/testing/simulator/mutant-run.ts';
import { LISTED_RULES, MUTANTS } from '../lib/testing/simulator/mutants.ts';

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '400' } } });
const seedsMax = Number(values.seeds);
const widest = Math.max(...MUTANTS.map(({ name }) => name.length));

let survived = 0;
for (const mutant of MUTANTS) {
  const startedAt = performance.now();
  const caught = await catchMutant(mutant, seedsMax);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  if (caught === undefined) survived++;
  const expected = caught !== undefined && mutant.caughtBy.includes(caught.assertion);
  const by = caught === undefined ? 'SURVIVED' : `${caught.assertion}${expected ? '' : ' (not expected)'}`;
  const seeds = String(caught?.seed ?? seedsMax).padStart(4);
  console.log(`${mutant.name.padEnd(widest)}  ${seeds} seeds  ${seconds.padStart(5)} s  ${by}`);
}
console.log('\nnot taken out here:');
for (const { name, reason } of LISTED_RULES) console.log(`${name}: ${reason}`);
console.log(`\n${MUTANTS.length} mutants, ${survived} survived`);
process.exitCode = survived === 0 ? 0 : 1;
