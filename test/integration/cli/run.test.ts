import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CliProject, jobModule, ROOT } from './cli-project.ts';

describe('millrace run', () => {
  it('ends with the sinks, the records and the rate', async () => {
    const project = new CliProject({ 'job.ts': jobModule() });

    const { exitCode, stdout, stderr } = await project.millrace('run', 'job.ts');

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/^Job 'numbers' finished after \d+\.\d\d s\.$/m);
    expect(stdout).toMatch(/records in +3( \([\d,]+ records\/s\))?$/m);
    expect(stdout).toMatch(/records out +3$/m);
    expect(stdout).toMatch(/late dropped +0$/m);
    expect(stdout).toMatch(/dead letters +0$/m);
    expect(stdout).toMatch(/sink numbers +out\/numbers$/m);
    expect(project.rows('out')).toEqual([1, 2, 3]);
  });

  it('prints the result as one JSON line with --json', async () => {
    const project = new CliProject({ 'job.ts': jobModule() });

    const { stdout } = await project.millrace('run', 'job.ts', '--json');

    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({
      jobName: 'numbers',
      status: 'finished',
      metrics: { numRecordsIn: 3, numRecordsOut: 3, numLateRecordsDropped: 0, numRecordsInErrors: 0 },
      sinks: [{ uid: 'numbers', location: 'out/numbers' }],
    });
  });

  it('refuses to write beside another run unless told to overwrite', async () => {
    const project = new CliProject({ 'job.ts': jobModule() });
    await project.millrace('run', 'job.ts', '--no-state');

    const again = await project.millrace('run', 'job.ts', '--no-state');
    const overwriting = await project.millrace('run', 'job.ts', '--no-state', '--overwrite');

    expect(again.exitCode).toBe(1);
    expect(again.stderr).toContain('error SINK_NOT_EMPTY');
    expect(again.stderr).toContain('--overwrite');
    expect(overwriting.exitCode).toBe(0);
    expect(project.rows('out')).toEqual([1, 2, 3]);
  });

  it('gives operators the parallelism of --parallelism', async () => {
    const project = new CliProject({
      'job.ts': jobModule('env.fromSequence(1, 100).rebalance().map((n) => n)'),
    });

    const { exitCode, stdout } = await project.millrace('run', 'job.ts', '--parallelism', '3');

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/records out +100$/m);
    expect(project.files('out').length).toBeGreaterThan(1);
  });

  it('keeps dead letters where the user wants them and says so', async () => {
    const project = new CliProject({
      'in.ndjson': '1\nnot json\n3\n',
      'job.ts': jobModule(
        "env.fromSource(FileSource.ndjson('in.ndjson'), WatermarkStrategy.noWatermarks(), 'in')",
      ).replace('FileSink }', 'FileSink, FileSource, WatermarkStrategy }'),
    });

    const byDefault = await project.millrace('run', 'job.ts');
    const letters = project.read('.millrace/numbers/dead-letters.ndjson');
    const chosen = await project.millrace(
      'run',
      'job.ts',
      '--fresh',
      '--yes',
      '--overwrite',
      '--dead-letters',
      'dead/letters.ndjson',
    );

    expect(byDefault.stdout).toMatch(/dead letters +1 in \.millrace\/numbers\/dead-letters\.ndjson$/m);
    expect(letters).toMatch(/^\{.*\}\n$/);
    expect(chosen.stdout).toMatch(/dead letters +1 in dead\/letters\.ndjson$/m);
    expect(project.rows('dead')).toMatchObject([{ operator: 'in', raw: 'not json' }]);
    expect(project.rows('out')).toEqual([1, 3]);
  });
});

describe('a user function that throws', () => {
  const throwing = `env.fromData([1, 2, 3]).map((n) => {
    if (n === 2) throw new RangeError('two is too many');
    return n;
  }).name('check').uid('check')`;

  it('ends the job with exit code 1, operator, record, cause, and nothing visible in the sink', async () => {
    const project = new CliProject({ 'job.ts': jobModule(throwing) });

    const { exitCode, stdout, stderr } = await project.millrace('run', 'job.ts');

    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('error FUNCTION_FAILED');
    expect(stderr).toContain("'check'");
    expect(stderr).toMatch(/\bjob\.ts:3:27\b/);
    expect(stderr).toContain('RangeError: two is too many (job.ts:4:24)');
    expect(stderr).toContain('failed on');
    expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
    expect(project.rows('out')).toEqual([]);
  });

  it('is told on one JSON line with --json', async () => {
    const project = new CliProject({ 'job.ts': jobModule(throwing) });

    const { exitCode, stdout } = await project.millrace('run', 'job.ts', '--json');

    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'failed',
      error: { code: 'FUNCTION_FAILED', operatorUid: 'check', cause: 'two is too many' },
    });
  });
});

it('a finished job does not wait for what its module left open', async () => {
  const project = new CliProject({ 'job.ts': `setInterval(() => {}, 60_000);\n${jobModule()}` });

  expect(await project.millrace('run', 'job.ts')).toMatchObject({ exitCode: 0, stderr: '' });
});

it.each([
  ['its module', `await new Promise(() => {});\n${jobModule()}`],
  [
    'a connector',
    jobModule().replace(
      "FileSink.ndjson('out/numbers')",
      `{ connector: 'c', description: 'c', load: () => new Promise<never>(() => {}) }`,
    ),
  ],
])('a promise of %s that never settles is an error, not a silent end', async (_, text) => {
  const { exitCode, stderr } = await new CliProject({ 'job.ts': text }).millrace('run', 'job.ts');

  expect(exitCode).toBe(1);
  expect(stderr).toContain('awaits a promise that never settles');
});

it('a reader that leaves early ends the run without a stack', async () => {
  const project = new CliProject({
    'job.ts': jobModule('env.fromSequence(1, 100_000)').replace(/\.sinkTo.*;/, '.print();'),
  });
  const bin = join(ROOT, 'bin', 'millrace.js');

  const shell = `"${process.execPath}" "${bin}" run job.ts | head -n 1`;
  const { exitCode, stdout, stderr } = await project.start('sh', ['-c', shell]).finished;

  expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: '1\n', stderr: '' });
});

it('a script that executes its environment itself is run by node', async () => {
  const script = `import { StreamExecutionEnvironment, FileSink } from 'millrace';
const env = StreamExecutionEnvironment.create();
env.fromData([1, 2, 3]).sinkTo(FileSink.ndjson('out')).uid('out');
await env.execute('script');`;
  const project = new CliProject({ 'script.ts': script });

  const { exitCode, stderr } = await project.millrace('run', 'script.ts');

  expect(exitCode).toBe(1);
  expect(stderr).toContain('`node script.ts`');
});
