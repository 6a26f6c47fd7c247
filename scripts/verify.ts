/**
 * Runs every lane, as CI does, and ends in all cases with the line `N passed, N failed`.
 * `npm run verify -- unit tidy` runs the named lanes only.
 */
import { globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LANES, type Lane, type LaneResult, type TestLane } from './lanes.ts';
import { type CommandEnd, ROOT, runCommand } from './run-command.ts';
import { readTestReport, type TestCounts } from './vitest-report.ts';

const OUT = join(ROOT, 'out', 'verify');
const IN_CI = Boolean(process.env.CI);
const results: LaneResult[] = [];
const failures: string[] = [];
const NOTHING_RUN = { passed: 0, failed: 0, skipped: 0, failures: [] };
let crashes = 0;
let interrupted = false;

async function runLane(lane: Lane): Promise<LaneResult> {
  const started = performance.now();
  console.log(`\n=== ${lane.name}`);
  const counts = lane.kind === 'command' ? await runSingle(lane) : await runTests(lane);
  return { lane: lane.name, ...counts, seconds: Math.round((performance.now() - started) / 100) / 10 };
}

async function runSingle(lane: Lane & { readonly kind: 'command' }): Promise<TestCounts> {
  const end = await runCommand(lane.command, { budgetMs: lane.budgetSeconds * 1000 });
  return succeeded(lane, end) ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

async function runTests(lane: TestLane): Promise<TestCounts> {
  if (globSync(lane.files, { cwd: ROOT }).length === 0) return skipped(lane, `no file matches ${lane.files}`);
  if (lane.probe !== undefined) {
    const probed = await runCommand(lane.probe, { budgetMs: lane.budgetSeconds * 1000 });
    if (!succeeded(lane, probed)) return skipped(lane, 'it cannot run on this machine, see above');
  }
  const report = join(OUT, `${lane.name}.report.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const command = ['vitest', 'run', '--project', lane.name, ...reporters];
  const end = await runCommand(command, { budgetMs: lane.budgetSeconds * 1000 });
  const { failures: found, ...counts } = readTestReport(report) ?? NOTHING_RUN;
  failures.push(...found);
  // vitest also fails without a failed test: an unhandled rejection, a crash, no report at all.
  return succeeded(lane, end) ? counts : { ...counts, failed: Math.max(counts.failed, 1) };
}

function skipped({ name }: TestLane, reason: string): TestCounts {
  console.error(`!!! SKIPPED ${name}: ${reason}${IN_CI ? '; a failure in CI' : ''}`);
  return { passed: 0, failed: IN_CI ? 1 : 0, skipped: 1 };
}

function succeeded(lane: Lane, end: CommandEnd): boolean {
  if (end.kind === 'exited') return end.code === 0;
  console.error(`!!! ${lane.name}: ${end.reason}`);
  return false;
}

function chosenLanes(names: readonly string[]): readonly Lane[] {
  const unknown = names.filter((name) => !LANES.some((lane) => lane.name === name));
  if (unknown.length > 0) throw new Error(`No lane is called ${unknown.join(', ')}: see scripts/lanes.ts.`);
  return names.length === 0 ? LANES : LANES.filter((lane) => names.includes(lane.name));
}

/** The last thing this process does, however it ends. */
function printSum(): void {
  // Again, where a reader of a long log finds them.
  for (const failure of failures) console.error(`\n!!! FAILED ${failure}`);
  for (const { lane, passed, failed, skipped, seconds } of results) {
    const skips = skipped > 0 ? `, ${skipped} SKIPPED` : '';
    console.log(
      `${lane.padEnd(12)} ${String(seconds).padStart(6)} s  ${passed} passed, ${failed} failed${skips}`,
    );
  }
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, crashes);
  mkdirSync(OUT, { recursive: true });
  const sum = `${passed} passed, ${failed} failed`;
  writeFileSync(join(OUT, 'summary.txt'), `${sum}\n`);
  if (failed > 0) process.exitCode = 1;
  console.log(`\n${sum}`);
}

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
process.on('exit', printSum);
const interrupt = (): void => {
  interrupted = true;
};
process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
try {
  for (const lane of chosenLanes(process.argv.slice(2))) {
    if (interrupted) throw new Error(`Interrupted before the lane ${lane.name}.`);
    const result = await runLane(lane);
    results.push(result);
    writeFileSync(join(OUT, `${lane.name}.json`), `${JSON.stringify(result)}\n`);
  }
} catch (error) {
  crashes += 1;
  console.error(error);
}
