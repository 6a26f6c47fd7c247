import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { CliProject, ROOT } from './cli-project.ts';

const FILES = [
  ...['.github', '.gitignore', 'README.md', 'cdk.json', 'data', 'deploy.ts'],
  ...['job.test.ts', 'job.ts', 'package.json', 'tsconfig.json'],
];

/** What `npm install` does with the `file:` dependency on this checkout, without the network. */
function install(project: CliProject, dir: string): void {
  const modules = join(project.folder, dir, 'node_modules');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  symlinkSync(ROOT, join(modules, 'millrace'));
  symlinkSync('../millrace/bin/millrace.js', join(modules, '.bin', 'millrace'));
  for (const name of ['aws-cdk-lib', 'constructs']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
}

it('init writes a project and says what to do next', async () => {
  const project = new CliProject();

  const { exitCode, stdout, stderr } = await project.millrace('init', 'My Job');

  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(readdirSync(join(project.folder, 'My Job')).toSorted()).toEqual(FILES);
  for (const step of ['cd "My Job"', 'npm install', 'npm start', 'npm test'])
    expect(stdout).toContain(`  ${step}\n`);
  expect(JSON.parse(project.read('My Job/package.json'))).toMatchObject({
    name: 'my-job',
    type: 'module',
    dependencies: { millrace: `file:${ROOT}` },
  });
});

it('a new project starts, starts again, passes its test and shows its plan', async () => {
  const project = new CliProject();
  await project.millrace('init', 'p');
  install(project, 'p');
  const env = {
    PATH: dirname(process.execPath) + delimiter + process.env.PATH,
    NODE_OPTIONS: '--conditions=millrace-source',
  };
  const npm = (...args: readonly string[]) => project.start('npm', ['--prefix', 'p', ...args], env).finished;

  for (let run = 0; run < 2; run++) {
    const started = await npm('start');
    expect(started).toMatchObject({ exitCode: 0 });
    expect(started.stdout).toMatch(/records in +30\b/);
    expect(started.stdout).toMatch(/sink page-visits +out\/page-visits$/m);
    const rows = project.rows('p/out');
    expect(rows).toContainEqual({ page: '/docs', windowEnd: '2026-01-01T00:00:10.000Z', visits: 3 });
  }
  const tested = await npm('test');
  expect(tested).toMatchObject({ exitCode: 0 });
  expect(tested.stdout).toMatch(/pass 1\b/);
  const planned = await npm('run', 'plan');
  expect(planned.stdout).toContain('visits-per-page');
});

it('a new project can be deployed', { timeout: 60_000 }, async () => {
  const project = new CliProject();
  await project.millrace('init', 'p');
  install(project, 'p');
  const words = ['--conditions=millrace-source', 'deploy.ts'];
  const env = { CDK_OUTDIR: 'cdk.out' };
  const synthesised = await project.start(process.execPath, words, env, 'p').finished;
  expect(synthesised).toMatchObject({ exitCode: 0 });
  const template = JSON.parse(project.read('p/cdk.out/PageVisits.template.json'));
  expect(Object.keys(template.Outputs)).toContainEqual(expect.stringMatching(/^JobJobName/));
});

it('a new project compiles', async () => {
  const project = new CliProject();
  await project.millrace('init', 'p');
  install(project, 'p');
  symlinkSync(join(ROOT, 'node_modules', '@types'), join(project.folder, 'p', 'node_modules', '@types'));
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

  const args = [
    tsc,
    '-p',
    'p',
    '--customConditions',
    'millrace-source',
    '--types',
    'node',
    '--lib',
    'es2024,esnext.iterator,esnext.disposable',
  ];
  expect(await project.start(process.execPath, args).finished).toMatchObject({ exitCode: 0, stdout: '' });
});

it('init fills an empty folder, the current one too', async () => {
  const project = new CliProject();
  mkdirSync(join(project.folder, '.git'));

  const { exitCode, stdout } = await project.millrace('init', '.');

  expect(exitCode).toBe(0);
  expect(stdout).not.toContain('cd ');
  expect(readdirSync(project.folder).toSorted()).toEqual(['.git', ...FILES].toSorted());
});

it.each([
  ['a folder with content', 'full', { 'full/notes.txt': 'mine' }, 'The folder full is not empty (notes.txt)'],
  ['a file', 'full', { full: 'mine' }, 'full is a file'],
  ['a folder below a file', 'full/p', { full: 'mine' }, 'cannot be written'],
])('init refuses %s and writes nothing', async (_, dir, files, message) => {
  const project = new CliProject(files);

  const { exitCode, stderr } = await project.millrace('init', dir);

  expect(exitCode).toBe(1);
  expect(stderr).toContain('error ARGUMENT_INVALID');
  expect(stderr).toContain(message);
  expect(project.files('.')).toEqual(Object.keys(files).map((name) => join(project.folder, name)));
});
