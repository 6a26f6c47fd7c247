import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CliProject, type Running } from './cli-project.ts';
import { countedRows, durableJob } from './durable-job.ts';

const RECORDS = 6000;
const ENDLESS = { records: 1_000_000, perSecond: 1200 };

function sortedRows(project: CliProject, folder = 'out/counts'): readonly string[] {
  return project
    .rows(folder)
    .map((row) => JSON.stringify(row))
    .sort();
}

async function startedJob(project: CliProject, ...options: readonly string[]): Promise<Running> {
  const running = project.startMillrace('run', 'job.ts', ...options);
  await running.saw('under way');
  return running;
}

/** Output of a command that has to succeed. */
async function output(project: CliProject, ...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await project.millrace(...args);
  expect([exitCode, stderr]).toEqual([0, '']);
  return stdout.trim();
}

describe('millrace savepoint', () => {
  it('of a running job lets it go on; both ways from there end as one run does', async () => {
    const project = new CliProject({ 'job.ts': durableJob({ records: RECORDS }) });
    const running = await startedJob(project);
    const folder = await output(project, 'savepoint', 'counts');
    expect(folder).toMatch(/\.millrace\/counts\/savepoints\/savepoint-\d{8}T\d{6}-[0-9a-f]{6}$/);
    const written = sortedRows(project);
    expect((await running.finished).exitCode).toBe(0);
    expect(sortedRows(project)).toEqual(countedRows(RECORDS));

    // Another job: it begins with the savepoint and writes what is missing.
    const sink = "FileSink.ndjson('out/fork', { rollingPolicy: { maxPartBytes: 2000 } })";
    project.write('fork.ts', durableJob({ records: RECORDS, name: 'fork', sink }));
    const { exitCode } = await project.millrace('run', 'fork.ts', '--from-savepoint', folder);
    expect(exitCode).toBe(0);
    const later = new Set(sortedRows(project, 'out/fork'));
    expect(project.rows('out/fork')).toHaveLength(later.size);
    // The job went on while its rows were read.
    const earlier = countedRows(RECORDS).filter((row) => !later.has(row));
    expect(earlier.length + later.size).toBe(countedRows(RECORDS).length);
    expect(written).toEqual(expect.arrayContaining([...earlier]));
  });

  it('is a folder that may be moved, with a manifest that says where the source goes on', async () => {
    const project = new CliProject({ 'job.ts': durableJob({ records: RECORDS }) });
    const running = await startedJob(project);
    const folder = await output(project, 'stop', 'counts', '--savepoint-dir', 'kept');
    await running.finished;
    const [name] = readdirSync(join(project.folder, 'kept'));
    expect(folder).toBe(join(project.folder, 'kept', name ?? ''));
    const manifest = JSON.parse(project.read(`kept/${name}/manifest.json`));
    expect(manifest).toMatchObject({ format: 'millrace-savepoint', version: 1, job: 'counts' });
    expect(manifest.sources).toHaveLength(1);
    expect(manifest.sources[0].position.length).toBeGreaterThan(0);
    expect(manifest.states).toMatchObject([{ operator: 'count', kind: 'value', keys: 5 }]);
  });
});

describe('millrace stop', () => {
  it('ends the job with a savepoint, from which any parallelism and backend goes on', async () => {
    const project = new CliProject({ 'job.ts': durableJob({ records: RECORDS }) });
    const running = await startedJob(project);
    const folder = await output(project, 'stop', 'counts');
    expect((await running.finished).exitCode).toBe(0);
    const before = sortedRows(project);
    expect(before.length).toBeLessThan(countedRows(RECORDS).length);
    for (const options of [['--parallelism', '3'], ['--state-backend', 'table'], []]) {
      const copy = new CliProject({ 'job.ts': durableJob({ records: RECORDS }) });
      const begin = await copy.millrace('run', 'job.ts', '--from-savepoint', folder, ...options);
      expect(begin.exitCode).toBe(0);
      expect([...before, ...sortedRows(copy)].sort()).toEqual(countedRows(RECORDS));
    }
  });

  it('--drain fires everything, and the job is finished', async () => {
    const project = new CliProject({ 'job.ts': durableJob(ENDLESS) });
    const running = await startedJob(project);
    const { savepoint } = JSON.parse(await output(project, 'stop', 'counts', '--drain', '--json'));
    expect((await running.finished).stdout).toContain('finished');
    expect(project.files(`.millrace/counts/savepoints`).some((path) => path.startsWith(savepoint))).toBe(
      true,
    );
    expect(JSON.parse(await output(project, 'status', '--json'))).toMatchObject({ status: 'finished' });
  });

  it('of a job that is not running takes a savepoint of what it has left', async () => {
    const project = new CliProject({ 'job.ts': durableJob(ENDLESS) });
    const running = await startedJob(project);
    await output(project, 'cancel', 'counts');
    await running.finished;
    const folder = await output(project, 'stop', 'counts');
    expect(project.files('.millrace/counts/savepoints')).toContain(join(folder, 'manifest.json'));
    const { exitCode, stderr } = await project.millrace('cancel', 'counts');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("Job 'counts' is not running.")]);
  });
});

describe('millrace list and status', () => {
  it('tell how the jobs of the project are', async () => {
    const project = new CliProject({ 'job.ts': durableJob(ENDLESS) });
    const running = await startedJob(project);
    expect(await output(project, 'list', '--target', 'local')).toMatch(/counts +running/);
    expect(JSON.parse(await output(project, 'status', 'counts', '--json'))).toMatchObject({
      job: 'counts',
      status: 'running',
    });
    await output(project, 'cancel', 'counts');
    await running.finished;
    expect(await output(project, 'status')).toContain("Job 'counts' is stopped.");
    expect(await output(project, 'dlq', 'list', 'counts')).toContain('FUNCTION_FAILED  7');
  });
});

describe('a savepoint is refused, and nothing is touched', () => {
  async function stopped(): Promise<{ readonly project: CliProject; readonly folder: string }> {
    const project = new CliProject({ 'job.ts': durableJob({ records: RECORDS }) });
    const running = await startedJob(project);
    const folder = await output(project, 'stop', 'counts');
    await running.finished;
    return { project, folder };
  }

  it('by a job that it does not fit', async () => {
    const { project, folder } = await stopped();
    const rows = sortedRows(project);
    const refusals: readonly [Parameters<typeof durableJob>[0], string][] = [
      [{ settings: '{ maxParallelism: 64 }' }, 'max parallelism'],
      [{ uid: 'renamed' }, "holds state of 'count'"],
    ];
    for (const [change, message] of refusals) {
      project.write('job.ts', durableJob({ records: RECORDS, ...change }));
      const { exitCode, stderr } = await project.millrace(
        ...['run', 'job.ts', '--state-dir', 'other', '--from-savepoint', folder],
      );
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining(message)]);
      expect(sortedRows(project)).toEqual(rows);
    }
    // With the job as it was everything is still there.
    project.write('job.ts', durableJob({ records: RECORDS }));
    expect((await project.millrace('run', 'job.ts')).exitCode).toBe(0);
    expect(sortedRows(project)).toEqual(countedRows(RECORDS));
  });

  it('beside a state that the job has', async () => {
    const { project, folder } = await stopped();
    const { exitCode, stderr } = await project.millrace('run', 'job.ts', '--from-savepoint', folder);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('holds the state of the job already')]);
  });

  it('if there is none', async () => {
    const project = new CliProject({ 'job.ts': durableJob({ records: 10 }) });
    const { exitCode, stderr } = await project.millrace('run', 'job.ts', '--from-savepoint', 'nowhere');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('nowhere holds no savepoint')]);
    expect(project.files('.millrace')).toEqual([]);
  });
});
