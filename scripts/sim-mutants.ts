/** `npm run sim:mutants [-- --seeds N]`: how many seeds it takes to notice each rule that is taken out. */
import { LISTED_RULES, SAFE_RULES } from '../lib/testing/simulator/listed-rules.ts';
import { catchMutant } from '../lib/testing/simulator/mutant-run.ts';
import { MUTANTS } from '../lib/testing/simulator/mutants.ts';
import { readFlags, wholeNumber } from './flags.ts';

/** Seeds in which nothing may go wrong without a rule that is safe to take out. */
const SAFE_SEEDS = 25;

const flags = readFlags({ seeds: { type: 'string', default: '400' } });
const seedsMax = wholeNumber('seeds', flags.seeds);
const widest = Math.max(...[...MUTANTS, ...SAFE_RULES].map(({ name }) => name.length));

let wrong = 0;
line('mutant', { rows: 'rows', seeds: 'seeds', seconds: 's', by: 'caught by', expected: 'expected' });
for (const mutant of MUTANTS) {
  const startedAt = performance.now();
  const caught = await catchMutant(mutant, seedsMax);
  const expected = caught !== undefined && mutant.caughtBy.includes(caught.assertion);
  if (!expected) wrong++;
  line(mutant.name, {
    rows: mutant.rows.join(' '),
    seeds: String(caught?.seed ?? seedsMax),
    seconds: secondsSince(startedAt),
    by: caught === undefined ? 'SURVIVED' : `${caught.assertion}${expected ? '' : ' NOT EXPECTED'}`,
    expected: mutant.caughtBy.join(' '),
  });
}

console.log('\nsafe without:');
for (const rule of SAFE_RULES) {
  const startedAt = performance.now();
  const caught = await catchMutant(rule, SAFE_SEEDS);
  if (caught !== undefined) wrong++;
  line(rule.name, {
    rows: rule.rows.join(' '),
    seeds: String(caught?.seed ?? SAFE_SEEDS),
    seconds: secondsSince(startedAt),
    by: caught === undefined ? 'safe' : `NOT SAFE ${caught.assertion}`,
    expected: rule.reason,
  });
}

console.log('\nnot taken out here:');
for (const { name, rows, reason, test } of LISTED_RULES) {
  console.log(`${name} (${rows.join(' ')}): ${reason}${test === undefined ? '' : `; ${test}`}`);
}
console.log(`\n${MUTANTS.length} mutants, ${SAFE_RULES.length} safe rules, ${wrong} not as expected`);
process.exitCode = wrong === 0 ? 0 : 1;

function line(
  name: string,
  cells: Readonly<Record<'rows' | 'seeds' | 'seconds' | 'by' | 'expected', string>>,
): void {
  const { rows, seeds, seconds, by, expected } = cells;
  console.log(
    `${name.padEnd(widest)}  ${rows.padEnd(8)}  ${seeds.padStart(5)}  ${seconds.padStart(5)}  ` +
      `${by.padEnd(10)}  ${expected}`,
  );
}

function secondsSince(startedAt: number): string {
  return ((performance.now() - startedAt) / 1000).toFixed(1);
}
