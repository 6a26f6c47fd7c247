import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CliProject, type Running } from './cli-project.ts';
import { countedRows, deadLetters, durableJob } from './durable-job.ts';

const LETTERS = '.millrace/counts/dead-letters.ndjson';

function sortedRows(project: CliProject): readonly string[] {
  return project
    .rows('out/counts')
    .map((row) => JSON.stringify(row))
    .sort();
}

function lines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}

async function kill(running: Running): Promise<void> {
  running.process.kill('SIGKILL');
  await running.finished;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe('a durable run', () => {
  it('that is killed goes on where it was: rows, dead letters and totals are those of one run', async () => {
    const records = 6000;
    const project = new CliProject({ 'job.ts': durableJob({ records }) });
    let goesOn = 0;
    for (const ms of [1300, 300, 1500]) {
      const running = project.startMillrace('run', 'job.ts');
      await running.saw('under way').catch(() => undefined);
      await pause(ms);
      running.process.kill('SIGKILL');
      const { stderr } = await running.finished;
      if (/^The job goes on from commit \d+ of \S+Z in \.millrace\/counts\.$/m.test(stderr)) goesOn += 1;
    }

    const { exitCode, stdout, stderr } = await project.millrace('run', 'job.ts', '--json');

    expect(exitCode).toBe(0);
    expect(stderr).toContain('The job goes on from commit');
    expect(sortedRows(project)).toEqual(countedRows(records));
    expect(lines(project.read(LETTERS))).toHaveLength(deadLetters(records));
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({
      status: 'finished',
      metrics: {
        numRecordsIn: records,
        numRecordsOut: countedRows(records).length,
        numRecordsInErrors: deadLetters(records),
      },
      durable: { stateDir: '.millrace/counts', restarts: goesOn + 1, finishedBefore: false },
    });
    expect(JSON.parse(project.read('.millrace/counts/metrics.json'))).toMatchObject({
      status: 'finished',
      numRecordsIn: records,
      restarts: goesOn + 1,
      counters: result.metrics.counters,
    });
  });

  it('writes a line of JSON every ten seconds where nobody looks', async () => {
    const project = new CliProject({ 'job.ts': durableJob({ records: 100_000, perSecond: 700 }) });
    const running = project.startMillrace('run', 'job.ts');
    await running.saw('"status":"running"');
    running.process.kill('SIGINT');
    const { stderr } = await running.finished;

    const status = lines(stderr).filter((line) => line.startsWith('{'));
    expect(status).toHaveLength(1);
    const { durationMs, numRecordsInPerSecond, lastCommit, ...line } = JSON.parse(status[0] ?? '');
    expect(line).toMatchObject({ jobName: 'counts', numRecordsInErrors: expect.any(Number) });
    expect([durationMs >= 10_000, durationMs < 20_000, lastCommit > 2]).toEqual([true, true, true]);
    expect(numRecordsInPerSecond).toBeGreaterThan(350);
    expect(numRecordsInPerSecond).toBeLessThan(1050);
  });

  it('that is refused leaves the dead letters of the run before alone', async () => {
    const project = new CliProject({ 'job.ts': durableJob({ records: 10, perSecond: 1000 }) });
    await project.millrace('run', 'job.ts', '--no-state');
    const refused = await project.millrace('run', 'job.ts', '--no-state');

    expect(refused.stderr).toContain('error SINK_NOT_EMPTY');
    expect(lines(project.read(LETTERS))).toHaveLength(deadLetters(10));
  });

  it('that is finished says so and runs nothing', async () => {
    const project = new CliProject({ 'job.ts': durableJob({ records: 10, perSecond: 1000 }) });
    const first = await project.millrace('run', 'job.ts');
    const parts = project.files('out');

    const again = await project.millrace('run', 'job.ts');
    const asJson = await project.millrace('run', 'job.ts', '--json');

    expect(first.stdout).toMatch(/restarts +0$/m);
    expect(first.stdout).toMatch(/state +\.millrace\/counts \(commit \d+\)$/m);
    expect(again).toMatchObject({ exitCode: 0, stderr: '' });
    expect(again.stdout).toMatch(/^Job 'counts' is finished: .* Run with --fresh to start over/);
    expect(lines(again.stdout)).toHaveLength(1);
    expect(JSON.parse(asJson.stdout)).toMatchObject({
      status: 'finished',
      metrics: { numRecordsIn: 10 },
      durable: { finishedBefore: true },
    });
    expect(project.files('out')).toEqual(parts);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('commits and publishes on %s, and goes on', async (signal, code) => {
    const project = new CliProject({ 'job.ts': durableJob() });
    const running = project.startMillrace('run', 'job.ts');
    await running.saw('under way');
    running.process.kill(signal);
    const stopped = await running.finished;

    expect(stopped.exitCode).toBe(code);
    expect(stopped.stdout).toMatch(/state .*\(commit \d+; run again to go on\)$/m);
    const written = Number(/records out +([\d,]+)$/m.exec(stopped.stdout)?.[1]?.replaceAll(',', ''));
    expect(project.rows('out/counts')).toHaveLength(written);

    const { exitCode, stdout } = await project.millrace('run', 'job.ts');

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/restarts +1$/m);
    expect(stdout).toMatch(/records in +3,000 /m);
    expect(sortedRows(project)).toEqual(countedRows());
  });

  it('keeps its state where it is told to', async () => {
    const project = new CliProject({ 'job.ts': durableJob({ records: 10 }) });

    await project.millrace('run', 'job.ts', '--state-dir', 'kept/here');

    expect(project.files('kept/here').some((path) => path.endsWith('state.db'))).toBe(true);
    expect(project.files('.millrace').filter((path) => path.endsWith('.db'))).toEqual([]);
  });

  it('keeps nothing with --no-state', async () => {
    const project = new CliProject({ 'job.ts': durableJob({ records: 6, body: 'n = n === 0 ? 1 : n;' }) });

    const { stdout } = await project.millrace('run', 'job.ts', '--no-state');

    expect(stdout).not.toContain('restarts');
    expect(project.files('.millrace')).toEqual([]);
  });

  it('fails with its last commit intact, and goes on when the job is mended', async () => {
    const broken = durableJob({ body: 'if (n === 2000) process.exit(7);' });
    const project = new CliProject({ 'job.ts': broken });
    expect((await project.millrace('run', 'job.ts')).exitCode).toBe(7);
    project.write('job.ts', durableJob());

    expect(await project.millrace('run', 'job.ts')).toMatchObject({ exitCode: 0 });
    expect(sortedRows(project)).toEqual(countedRows());
  });
});

describe('a full disk', () => {
  // What is full: the disk of the rows, that of the state.
  it.for([
    ['out', 'SINK_INVALID'],
    ['state', 'STATE_DIR_FULL'],
  ] as const)(
    'under %s costs nothing, and with room again the job goes on',
    async ([full, code], { skip }) => {
      const sink = "FileSink.ndjson('out/counts', { rollingPolicy: { maxPartBytes: 20000 } })";
      // Keys that do not repeat are much state.
      const body = "if (n % 7 !== 0) return { key: 'key-' + ((n * 2654435761) % 4294967291), n };";
      const options = { records: 60_000, perSecond: 30_000, sink, body };
      const project = new CliProject({ 'job.ts': durableJob(options), [`${full}/.keep`]: '' });
      const disk = mountSmall(join(project.folder, full)) ?? skip('file systems cannot be mounted here');
      const args = ['run', 'job.ts', '--state-dir', 'state/here'];

      const failed = await project.millrace(...args);
      const before = sortedRows(project);
      disk.enlarge();
      const { exitCode } = await project.millrace(...args);

      expect(failed.exitCode).toBe(1);
      expect(failed.stderr).toContain(`error ${code}`);
      expect(exitCode).toBe(0);
      const rows = sortedRows(project);
      expect(before.length).toBeLessThan(rows.length);
      expect(new Set(rows).size).toBe(60_000 - deadLetters(60_000));
      expect(rows).toHaveLength(60_000 - deadLetters(60_000));
    },
  );
});

/** Puts a disk of 300 KB at `folder`; undefined where this machine does not let us. */
function mountSmall(folder: string): { enlarge(): void } | undefined {
  const mount = (...args: readonly string[]) => execFileSync('/bin/mount', [...args], { stdio: 'ignore' });
  try {
    mount('-t', 'tmpfs', '-o', 'size=300k', 'tmpfs', folder);
  } catch {
    return undefined;
  }
  onTestFinished(() => void execFileSync('/bin/umount', [folder]));
  return { enlarge: () => void mount('-o', 'remount,size=60m', folder) };
}

describe('--fresh', () => {
  it('is refused where nobody can be asked, and starts over with --yes', async () => {
    const project = new CliProject({ 'job.ts': durableJob({ records: 10 }) });
    await project.millrace('run', 'job.ts');

    const refused = await project.millrace('run', 'job.ts', '--fresh');
    const again = await project.millrace('run', 'job.ts', '--fresh', '--yes', '--overwrite');

    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('error CONFIRMATION_MISSING');
    expect(refused.stderr).toContain('--yes');
    expect(again.exitCode).toBe(0);
    expect(again.stdout).toMatch(/restarts +0$/m);
    expect(sortedRows(project)).toEqual(countedRows(10));
  });

  it('removes nothing if the output is not to be overwritten', async () => {
    const project = new CliProject({ 'job.ts': durableJob({ records: 10 }) });
    await project.millrace('run', 'job.ts');

    const refused = await project.millrace('run', 'job.ts', '--fresh', '--yes');

    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('error SINK_NOT_EMPTY');
    expect((await project.millrace('run', 'job.ts')).stdout).toContain('is finished');
  });
});

describe('a state directory', () => {
  it('serves one process at a time', async () => {
    const project = new CliProject({ 'job.ts': durableJob() });
    const running = project.startMillrace('run', 'job.ts');
    await running.saw('under way');

    const second = await project.millrace('run', 'job.ts');
    const fresh = await project.millrace('run', 'job.ts', '--fresh', '--yes', '--overwrite');

    for (const { exitCode, stderr } of [second, fresh]) {
      expect(exitCode).toBe(1);
      expect(stderr).toContain('error STATE_DIR_LOCKED');
      expect(stderr).toContain(`process ${running.process.pid} `);
    }
    expect((await running.finished).exitCode).toBe(0);
    expect(sortedRows(project)).toEqual(countedRows());
  });

  it('of another job is refused, also with --fresh', async () => {
    const project = new CliProject({
      'a.ts': durableJob({ records: 10 }),
      'b.ts': durableJob({ records: 10, name: 'other', sink: "FileSink.ndjson('out/b')" }),
    });
    await project.millrace('run', 'a.ts', '--state-dir', 'state');

    for (const more of [[], ['--fresh', '--yes', '--overwrite']]) {
      const { exitCode, stderr } = await project.millrace('run', 'b.ts', '--state-dir', 'state', ...more);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('error STATE_DIR_FOREIGN');
      expect(stderr).toContain('"counts"');
    }
    const again = await project.millrace('run', 'a.ts', '--state-dir', 'state');
    expect(again.stdout).toContain('is finished');
  });
});

describe('a state directory that cannot be used', () => {
  it('is told from a job that fails when it cannot be made', async () => {
    const project = new CliProject({ 'job.ts': durableJob({ records: 10 }), file: '' });

    const { exitCode, stderr } = await project.millrace('run', 'job.ts', '--state-dir', 'file/state');

    expect(exitCode).toBe(1);
    expect(stderr).toContain('error STATE_DIR_UNUSABLE');
    expect(project.files('out')).toEqual([]);
  });

  it('is never used when it is damaged, and can be started over', async () => {
    const project = new CliProject({ 'job.ts': durableJob({ records: 10 }) });
    await project.millrace('run', 'job.ts');
    const parts = project.files('out');
    const database = openSync(join(project.folder, '.millrace/counts/state.db'), 'r+');
    writeSync(database, Buffer.alloc(8000, 7), 0, 8000, 100);
    closeSync(database);

    const damaged = await project.millrace('run', 'job.ts');
    const left = project.files('out');
    const fresh = await project.millrace('run', 'job.ts', '--fresh', '--yes', '--overwrite');

    expect(damaged.exitCode).toBe(1);
    expect(damaged.stderr).toContain('error STATE_CORRUPT');
    expect(left).toEqual(parts);
    expect(fresh.exitCode).toBe(0);
    expect(sortedRows(project)).toEqual(countedRows(10));
  });

  it('of another format is left alone', async () => {
    const project = new CliProject({ 'job.ts': durableJob({ records: 10 }) });
    await project.millrace('run', 'job.ts');
    const database = new DatabaseSync(join(project.folder, '.millrace/counts/state.db'));
    database.exec("UPDATE meta SET value = 99 WHERE key = 'formatVersion'");
    database.close();

    const { exitCode, stderr } = await project.millrace('run', 'job.ts');

    expect(exitCode).toBe(1);
    expect(stderr).toContain('error STATE_FORMAT_UNSUPPORTED');
    expect(stderr).toContain('format 99');
  });
});

describe('a job that has changed', () => {
  it('goes on at another parallelism, there and back', async () => {
    const project = new CliProject({ 'job.ts': durableJob() });
    for (const parallelism of ['1', '2']) {
      const running = project.startMillrace('run', 'job.ts', '--parallelism', parallelism);
      await running.saw('under way');
      running.process.kill('SIGINT');
      expect((await running.finished).exitCode).toBe(130);
    }

    const { exitCode, stdout } = await project.millrace('run', 'job.ts', '--parallelism', '1');

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/restarts +2$/m);
    expect(stdout).toMatch(/records in +3,000 /m);
    expect(sortedRows(project)).toEqual(countedRows());
    expect(lines(project.read(LETTERS))).toHaveLength(deadLetters());
  });

  it('is refused when an operator with state is gone, unless that is allowed', async () => {
    const project = new CliProject({ 'job.ts': durableJob() });
    const running = project.startMillrace('run', 'job.ts');
    await running.saw('under way');
    running.process.kill('SIGINT');
    await running.finished;
    project.write('job.ts', durableJob({ uid: 'renamed' }));

    const refused = await project.millrace('run', 'job.ts');
    const allowed = await project.millrace('run', 'job.ts', '--allow-non-restored-state');

    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('error STATE_NOT_RESTORED');
    expect(refused.stderr).toContain("'count'");
    expect(refused.stderr).toContain('--allow-non-restored-state');
    expect(allowed.exitCode).toBe(0);
    expect(sortedRows(project)).toHaveLength(countedRows().length);
    expect(sortedRows(project)).not.toEqual(countedRows());
  });

  it('is refused when a sink cannot go on with its parts', async () => {
    const sink = (format: string) => `FileSink.${format}('out/counts')`;
    const project = new CliProject({ 'job.ts': durableJob({ sink: sink('ndjson') }) });
    const running = project.startMillrace('run', 'job.ts');
    await running.saw('under way');
    await pause(1500);
    await kill(running);
    project.write('job.ts', durableJob({ sink: "FileSink.csv('out/counts', { columns: ['key', 'n'] })" }));

    const { exitCode, stderr } = await project.millrace('run', 'job.ts');
    project.write('job.ts', durableJob({ sink: sink('ndjson') }));
    const again = await project.millrace('run', 'job.ts');

    expect(exitCode).toBe(1);
    expect(stderr).toContain('error STATE_INCOMPATIBLE');
    expect(again.exitCode).toBe(0);
    expect(sortedRows(project)).toEqual(countedRows());
  });
});
