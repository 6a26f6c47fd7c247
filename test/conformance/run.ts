/** `npm run conformance -- [FILE]`: runs golden cases and reports what differs from Flink. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CaseFileError, type GoldenCase, readCases } from './golden-case.ts';
import { runCase } from './run-case.ts';

const EXIT_FAILURES = 1;
const EXIT_BAD_FILE = 2;

async function main(): Promise<number> {
  const [file = fileURLToPath(new URL('flink-golden.json', import.meta.url)), ...more] =
    process.argv.slice(2);
  if (more.length > 0) return badFile(`Give one file of cases, not ${more.length + 1}.`);
  let cases: readonly GoldenCase[];
  try {
    // npm runs scripts in the package's folder; INIT_CWD is where the user typed the command.
    cases = readCases(resolve(process.env.INIT_CWD ?? '.', file));
  } catch (error) {
    if (error instanceof CaseFileError) return badFile(error.message);
    throw error;
  }
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const golden of cases) {
    const verdict = await runCase(golden);
    counts[verdict.kind]++;
    if (verdict.kind === 'failed') console.log(`FAILED ${golden.name}: ${verdict.difference}`);
    if (verdict.kind === 'skipped') console.log(`skipped ${golden.name}: ${verdict.reason}`);
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  return counts.failed > 0 ? EXIT_FAILURES : 0;
}

function badFile(message: string): number {
  console.error(message);
  return EXIT_BAD_FILE;
}

process.exitCode = await main();
