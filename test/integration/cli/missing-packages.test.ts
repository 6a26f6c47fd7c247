/** Commands for deployed jobs where packages of AWS are not installed. */
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CliProject, jobModule, ROOT } from './cli-project.ts';

const MODULES = join(ROOT, 'node_modules');

/** A project with the built package and all packages but those. */
function projectWithout(missing: (name: string) => boolean): CliProject {
  const project = new CliProject({ 'job.ts': jobModule() });
  for (const name of packageNames().filter((each) => !missing(each))) {
    const path = join(project.folder, 'node_modules', name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(join(MODULES, name), path);
  }
  // Node finds packages from where a file really is, so these are no links.
  for (const name of ['bin', 'dist', 'package.json']) {
    cpSync(join(ROOT, name), join(project.folder, 'node_modules', 'millrace', name), { recursive: true });
  }
  return project;
}

function packageNames(): readonly string[] {
  return readdirSync(MODULES)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(MODULES, name)).map((each) => `${name}/${each}`) : [name],
    );
}

function millrace(project: CliProject, ...args: readonly string[]) {
  const bin = join('node_modules', 'millrace', 'bin', 'millrace.js');
  return project.start(process.execPath, [bin, ...args], { AWS_REGION: 'us-east-1' }).finished;
}

describe('without the AWS SDK', () => {
  it.each(['list', 'status', 'stop', 'savepoint', 'restore'])('%s says what is missing', async (command) => {
    const project = projectWithout((name) => name.startsWith('@aws-sdk/'));

    const { exitCode, stdout, stderr } = await millrace(project, command);

    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/^error PACKAGE_MISSING: /);
    for (const name of ['@aws-sdk/client-cloudformation', '@aws-sdk/client-lambda', '@aws-sdk/client-sfn'])
      expect(stderr).toContain(name);
    expect(stderr).toContain('`npm install`');
    expect(stderr).not.toContain('Cannot find');
  });

  it('--json has the error as data', async () => {
    const project = projectWithout((name) => name.startsWith('@aws-sdk/'));

    const { exitCode, stdout } = await millrace(project, 'list', '--json');

    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'PACKAGE_MISSING' } });
  });

  it('a job runs here', async () => {
    const project = projectWithout((name) => name.startsWith('@aws-sdk/'));

    const { exitCode, stderr } = await millrace(project, 'run', 'job.ts');

    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(project.rows('out/numbers')).toEqual([1, 2, 3]);
  });
});

it('only packages that are missing are named', async () => {
  const project = projectWithout((name) => name === '@aws-sdk/client-sfn');

  const { exitCode, stderr } = await millrace(project, 'list');

  expect(exitCode).toBe(1);
  expect(stderr).toContain('error PACKAGE_MISSING: @aws-sdk/client-sfn ');
  expect(stderr.match(/@aws-sdk/g)).toHaveLength(1);
});

it('a package that the AWS SDK needs is named', async () => {
  const project = projectWithout((name) => name === '@aws-sdk/core');
  const client = join('@aws-sdk', 'client-cloudformation');
  // Not a link, as above.
  const path = join(project.folder, 'node_modules', client);
  rmSync(path);
  cpSync(join(MODULES, client), path, { recursive: true });

  const { exitCode, stderr } = await millrace(project, 'list');

  expect(exitCode).toBe(1);
  expect(stderr).toContain('error PACKAGE_MISSING: @aws-sdk/core ');
});
