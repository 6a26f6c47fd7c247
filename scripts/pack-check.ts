/**
 * Checks the package as a user gets it: packs the tarball, lints its exports, installs it into the
 * empty folder that `npm init -y` makes, and runs a job there with `npx millrace run job.ts`.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { laneEnv, ROOT } from './run-command.ts';

const PUBLISHED = /^(dist\/|bin\/|package\.json$|README\.md$|LICENSE$|CHANGELOG\.md$)/;
const REQUIRED = [
  'bin/millrace.js',
  'dist/infra/index.js',
  'dist/lib/index.js',
  'dist/lib/index.d.ts',
  'README.md',
  'LICENSE',
];
const EXPECTED_LINES = ['{"item":"pear","total":3}', '{"item":"plum","total":7}'];

/** Runs a command and returns what it printed; throws with all of it if it fails. */
function run(cwd: string, command: readonly string[]): string {
  const [file = '', ...args] = command;
  console.log(`$ ${command.join(' ')}`);
  const end = spawnSync(file, args, { cwd, env: laneEnv(), encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (end.status === 0) return end.stdout;
  const ending = end.error?.message ?? `exit code ${end.status}`;
  throw new Error(`${command.join(' ')}: ${ending}\n${end.stdout}\n${end.stderr}`);
}

function pack(folder: string): string {
  run(ROOT, ['npm', 'pack', '--pack-destination', folder]);
  const [tarball] = globSync('*.tgz', { cwd: folder });
  if (tarball === undefined) throw new Error(`npm pack left no tarball in ${folder}.`);
  return join(folder, tarball);
}

function checkContents(tarball: string): void {
  const files = run(ROOT, ['tar', '-tzf', tarball])
    .trim()
    .split('\n')
    .map((file) => file.replace(/^package\//, ''));
  const stray = files.filter((file) => !PUBLISHED.test(file) || /(?<!\.d)\.ts$/.test(file));
  const missing = REQUIRED.filter((file) => !files.includes(file));
  if (stray.length > 0) throw new Error(`The tarball carries files nobody needs: ${stray.join(', ')}.`);
  if (missing.length > 0) throw new Error(`The tarball lacks ${missing.join(', ')}.`);
  console.log(`  ${files.length} files`);
}

function checkJobRuns(folder: string, tarball: string): void {
  run(folder, ['npm', 'init', '-y']);
  run(folder, ['npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', tarball]);
  cpSync(join(ROOT, 'scripts', 'pack-check-job'), folder, { recursive: true });
  console.log(run(folder, ['npx', 'millrace', 'run', 'job.ts']));
  const lines = globSync('totals/**/*', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .sort();
  if (lines.join('\n') === EXPECTED_LINES.join('\n')) return;
  throw new Error(`The job wrote\n${lines.join('\n')}\ninstead of\n${EXPECTED_LINES.join('\n')}`);
}

const work = mkdtempSync(join(tmpdir(), 'millrace-pack-'));
try {
  const tarball = pack(work);
  checkContents(tarball);
  console.log(run(ROOT, ['publint', 'run', tarball, '--strict']));
  console.log(run(ROOT, ['attw', tarball, '--profile', 'esm-only', '--format', 'table-flipped']));
  const consumer = mkdtempSync(join(work, 'consumer-'));
  checkJobRuns(consumer, tarball);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
