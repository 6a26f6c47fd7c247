import { expect, it } from 'vitest';
import { CliProject, jobModule } from './cli-project.ts';

const PIPELINE = `env.fromData([1, 2, 3]).name('numbers-in')
    .keyBy((n) => n % 2).reduce((a, b) => a + b).name('sums').uid('sums')`;

it('shows the graph at each level', async () => {
  const project = new CliProject({ 'job.ts': jobModule(PIPELINE) });

  for (const level of ['stream', 'job', 'execution']) {
    const { exitCode, stdout, stderr } = await project.millrace('plan', 'job.ts', '--level', level);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain('numbers-in');
    expect(stdout).toContain('sums');
    expect(stdout.endsWith('\n')).toBe(true);
  }
});

it('shows the vertices as text by default', async () => {
  const project = new CliProject({ 'job.ts': jobModule(PIPELINE) });

  const byDefault = await project.millrace('plan', 'job.ts');
  const asked = await project.millrace('plan', 'job.ts', '--level', 'job', '--format', 'text');

  expect(byDefault.stdout).toBe(asked.stdout);
});

it('prints JSON and a mermaid flowchart', async () => {
  const project = new CliProject({ 'job.ts': jobModule(PIPELINE) });

  const json = await project.millrace('plan', 'job.ts', '--format', 'json');
  const mermaid = await project.millrace('plan', 'job.ts', '--format', 'mermaid');

  expect(JSON.stringify(JSON.parse(json.stdout))).toContain('sums');
  expect(mermaid.stdout).toMatch(/^flowchart/);
});

it('takes the parallelism of operators that set none', async () => {
  const project = new CliProject({ 'job.ts': jobModule(PIPELINE) });

  const one = await project.millrace('plan', 'job.ts', '--level', 'execution', '--format', 'json');
  const four = await project.millrace(
    'plan',
    'job.ts',
    '--level',
    'execution',
    '--format',
    'json',
    '--parallelism',
    '4',
  );

  expect(four.exitCode).toBe(0);
  expect(four.stdout.length).toBeGreaterThan(one.stdout.length);
});

it('neither reads nor writes', async () => {
  const project = new CliProject({
    'job.ts': jobModule(
      "env.fromSource(FileSource.ndjson('absent.ndjson'), WatermarkStrategy.noWatermarks(), 'in')",
    ).replace('FileSink }', 'FileSink, FileSource, WatermarkStrategy }'),
  });

  expect(await project.millrace('plan', 'job.ts')).toMatchObject({ exitCode: 0, stderr: '' });
  expect(project.files('out')).toEqual([]);
});

it('refuses a graph that cannot run, naming the operator and its line', async () => {
  const project = new CliProject({ 'job.ts': jobModule(PIPELINE.replace(".uid('sums')", '')) });

  const { exitCode, stderr } = await project.millrace('plan', 'job.ts');

  expect(exitCode).toBe(1);
  expect(stderr).toContain('error UID_MISSING');
  expect(stderr).toContain("'sums'");
  expect(stderr).toMatch(/\bjob\.ts:\d+:\d+/);
  expect(stderr).not.toContain(project.folder);
});

it('names the line on which building a job threw', async () => {
  const project = new CliProject({ 'job.ts': jobModule("JSON.parse('{'); env.fromData([1])") });

  const { exitCode, stderr } = await project.millrace('plan', 'job.ts');

  expect(exitCode).toBe(1);
  expect(stderr).toContain("error GRAPH_INVALID: Building job 'numbers' threw SyntaxError:");
  expect(stderr).toContain('at job.ts:3:8.');
});
