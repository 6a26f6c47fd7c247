import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CliProject, jobModule, ROOT } from './cli-project.ts';

it('--version prints the version of the package', async () => {
  const manifest: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

  const { exitCode, stdout } = await new CliProject().millrace('--version');

  expect(exitCode).toBe(0);
  expect(manifest).toMatchObject({ version: stdout.trim() });
});

it('--help shows the commands, examples and exit codes', async () => {
  const { exitCode, stdout } = await new CliProject().millrace('--help');

  expect(exitCode).toBe(0);
  for (const text of [
    'run [options] <job>',
    'plan [options] <job>',
    'init [options] [dir]',
    'estimate [options] <job>',
    'status [options] [job]',
  ]) {
    expect(stdout).toContain(text);
  }
  for (const text of ['millrace init my-job', '130', '143', 'MILLRACE_DEBUG']) expect(stdout).toContain(text);
});

it('docs/cli.md has the exit codes of --help', async () => {
  const page = readFileSync(join(ROOT, 'docs', 'cli.md'), 'utf8');

  const { stdout } = await new CliProject().millrace('--help');

  const codes = [...stdout.matchAll(/^ {2}(\d+) {2,}/gm)].map(([, code]) => code!);
  expect(codes).toEqual(['0', '1', '2', '130', '141']);
  for (const code of codes) expect(page).toMatch(new RegExp(`^\\| ${code} +\\|`, 'm'));
});

it('a command line without a command shows the help and is wrong usage', async () => {
  expect(await new CliProject().millrace()).toMatchObject({ exitCode: 2, stdout: '' });
});

it.each([
  [['rnu', 'job.ts'], "unknown command 'rnu'", 'Did you mean run?'],
  [['run', 'job.ts', '--overwrit'], "unknown option '--overwrit'", 'Did you mean --overwrite?'],
  [['run'], "missing required argument 'job'", ''],
  [['plan', 'job.ts', '--level', 'jub'], 'Allowed choices are stream, job, execution', ''],
  [['plan', 'job.ts', '--format', 'svg'], 'Allowed choices are text, json, mermaid', ''],
  [['run', 'job.ts', '--parallelism', '0'], 'a whole number from 1 to 32768', ''],
  [['run', 'job.ts', '--parallelism', '1.5'], 'a whole number from 1 to 32768', ''],
  [['run', 'job.ts', 'more'], 'too many arguments', ''],
])('%j is wrong usage, exit code 2, and says what is right', async (args, message, hint) => {
  const project = new CliProject({ 'job.ts': jobModule() });

  const { exitCode, stdout, stderr } = await project.millrace(...args);

  expect(exitCode).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain(message);
  expect(stderr).toContain(hint);
  expect(project.files('out')).toEqual([]);
});
