import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { FileSinkSpec, SinkFormat } from '../../../../lib/connectors/file/file-sink-spec.ts';
import { nodePartFiles } from '../../../../lib/connectors/file/node-part-files.ts';
import type { PartFiles } from '../../../../lib/connectors/file/part-files.ts';
import { minutes } from '../../../../lib/core/duration.ts';
import { UserError } from '../../../../lib/core/errors.ts';
import { CommittedState, runAttempt, type SinkJob } from './durable-sink.ts';
import { filesOf, textOf } from './sink-probe.ts';
import { temporaryFolder } from './source-probe.ts';

const temporary = temporaryFolder();
afterAll(() => temporary.remove());

let folders = 0;

interface Row {
  readonly a: number;
  readonly b?: string;
}

const FOREVER = { maxPartBytes: 1e9, rolloverIntervalMs: Number.POSITIVE_INFINITY };
const REAL = { files: nodePartFiles };
const HIDDEN = '.part-0-0.ndjson.inprogress';

function jobOf(options: Partial<FileSinkSpec<Row>> = {}, format: SinkFormat = { kind: 'ndjson' }) {
  const folder = join(temporary.path, `restored-${++folders}`);
  const job: SinkJob<Row> = {
    spec: { folder, format, rolling: FOREVER, bucket: undefined, ...options },
    records: Array.from({ length: 6 }, (_, a) => ({ a })),
    commitEvery: 2,
  };
  return { folder, job, committed: new CommittedState() };
}

const LINES = Array.from({ length: 6 }, (_, a) => `{"a":${a}}\n`);

describe('a file sink that goes on', () => {
  it('keeps its own parts and numbers new ones behind them', async () => {
    const { folder, job, committed } = jobOf({ rolling: { ...FOREVER, maxPartBytes: 10 } });
    await runAttempt({ ...job, stopAt: 4 }, committed, REAL);
    const before = filesOf(folder);
    await runAttempt(job, committed, REAL);
    expect(filesOf(folder).slice(0, before.length)).toEqual(before);
    expect(filesOf(folder).length).toBeGreaterThan(before.length);
    expect(textOf(folder)).toBe(LINES.join(''));
  });

  it('goes on in an open part and cuts off what was not committed', async () => {
    const { folder, job, committed } = jobOf();
    await runAttempt({ ...job, stopAt: 4 }, committed, REAL);
    writeFileSync(join(folder, HIDDEN), '{"a":4}\n{"a', { flag: 'a' });
    await runAttempt({ ...job, stopAt: 4 }, committed, REAL);
    expect(readFileSync(join(folder, HIDDEN), 'utf8')).toBe(LINES.slice(0, 4).join(''));
    await runAttempt(job, committed, REAL);
    expect(filesOf(folder)).toEqual(['part-0-0.ndjson']);
    expect(textOf(folder)).toBe(LINES.join(''));
  });

  it('removes hidden parts that no commit speaks of', async () => {
    const { folder, job, committed } = jobOf();
    await runAttempt({ ...job, stopAt: 2 }, committed, REAL);
    for (const name of ['.part-0-1.ndjson.inprogress', '.part-3-9.csv.inprogress']) {
      writeFileSync(join(folder, name), 'x');
    }
    writeFileSync(join(folder, 'notes.txt'), '');
    await runAttempt({ ...job, stopAt: 2 }, committed, REAL);
    expect(filesOf(folder)).toEqual([HIDDEN, 'notes.txt']);
  });

  it('refuses a folder with a part that it cannot have written', async () => {
    const { folder, job, committed } = jobOf();
    await runAttempt({ ...job, stopAt: 2 }, committed, REAL);
    writeFileSync(join(folder, 'part-0-7.ndjson'), '');
    await expect(runAttempt(job, committed, REAL)).rejects.toMatchObject({
      code: 'SINK_NOT_EMPTY',
      message: expect.stringMatching(/part-0-7\.ndjson: either another run .* or the state is an old copy/),
    });
    rmSync(join(folder, 'part-0-7.ndjson'));
    await runAttempt(job, committed, REAL);
    expect(textOf(folder)).toBe(LINES.join(''));
  });

  it('says so when its open part was removed or shortened', async () => {
    const { folder, job, committed } = jobOf();
    await runAttempt({ ...job, stopAt: 4 }, committed, REAL);
    truncateSync(join(folder, HIDDEN), 5);
    await expect(runAttempt(job, committed, REAL)).rejects.toMatchObject({
      code: 'SINK_INVALID',
      message: expect.stringContaining(`${HIDDEN} has 5 bytes, but the job has committed 32 bytes of it`),
    });
    rmSync(join(folder, HIDDEN));
    await expect(runAttempt(job, committed, REAL)).rejects.toMatchObject({
      code: 'SINK_INVALID',
      message: expect.stringContaining(`${HIDDEN} is gone`),
    });
  });

  it('says so when its state is older than its output', async () => {
    const { folder, job, committed } = jobOf();
    await runAttempt({ ...job, stopAt: 4 }, committed, REAL);
    const old = committed.copy();
    await runAttempt(job, committed, REAL);
    const parts = filesOf(folder);
    await expect(runAttempt(job, old, REAL)).rejects.toMatchObject({
      code: 'SINK_INVALID',
      message: expect.stringContaining('the state is older than the output'),
    });
    expect(filesOf(folder)).toEqual(parts);
  });

  it('commits again what was committed and not forgotten, and says so when it is gone', async () => {
    const { folder, job, committed } = jobOf();
    const atCommit: CommittedState[] = [];
    await runAttempt(job, committed, { ...REAL, onCommit: () => atCommit.push(committed.copy()) });
    // The state of the last commit but one: its part is published already.
    const unforgotten = atCommit.at(-1)!;
    await runAttempt(job, unforgotten.copy(), REAL);
    expect(textOf(folder)).toBe(LINES.join(''));
    rmSync(join(folder, 'part-0-0.ndjson'));
    await expect(runAttempt(job, unforgotten, REAL)).rejects.toMatchObject({
      code: 'SINK_INVALID',
      message: expect.stringContaining('Somebody removed it'),
    });
  });

  it('does not write over a file that has taken the name of its part', async () => {
    const { folder, job, committed } = jobOf();
    const onCommit = () => writeFileSync(join(folder, 'part-0-0.ndjson'), 'precious');
    const attempt = runAttempt({ ...job, commitEvery: 6 }, committed, { ...REAL, onCommit });
    await expect(attempt).rejects.toMatchObject({ code: 'SINK_INVALID' });
    expect(readFileSync(join(folder, 'part-0-0.ndjson'), 'utf8')).toBe('precious');
  });

  it('counts the age of a part over restarts', async () => {
    const { folder, job, committed } = jobOf({ rolling: { ...FOREVER, rolloverIntervalMs: minutes(1) } });
    await runAttempt({ ...job, stopAt: 2 }, committed, { ...REAL, clock: () => 0 });
    await runAttempt({ ...job, stopAt: 4 }, committed, { ...REAL, clock: () => minutes(1) - 1 });
    expect(textOf(folder)).toBe('');
    await runAttempt({ ...job, stopAt: 5 }, committed, { ...REAL, clock: () => minutes(1) });
    expect(textOf(folder)).toBe(LINES.slice(0, 5).join(''));
  });

  it('begins a new part when the columns have changed', async () => {
    const csv = (columns: readonly string[]): SinkFormat => {
      return { kind: 'csv', options: { columns, header: true, delimiter: ',' } };
    };
    const { folder, job, committed } = jobOf({}, csv(['a']));
    await runAttempt({ ...job, stopAt: 2 }, committed, REAL);
    await runAttempt({ ...job, spec: { ...job.spec, format: csv(['a', 'b']) } }, committed, REAL);
    expect(readFileSync(join(folder, 'part-0-0.csv'), 'utf8')).toBe('a\n0\n1\n');
    expect(readFileSync(join(folder, 'part-0-1.csv'), 'utf8')).toBe('a,b\n2,\n3,\n4,\n5,\n');
  });

  it('refuses another format while a part is open', async () => {
    const { job, committed } = jobOf();
    await runAttempt({ ...job, stopAt: 2 }, committed, REAL);
    const spec = { ...job.spec, format: { kind: 'parquet', columns: [] } } as const;
    await expect(runAttempt({ ...job, spec }, committed, REAL)).rejects.toMatchObject({
      code: 'STATE_INCOMPATIBLE',
    });
  });
});

describe('rows of a Parquet sink that wait in the state', () => {
  const parquet = (...names: readonly string[]): SinkFormat => ({
    kind: 'parquet',
    columns: names.map((name) => ({ name, type: 'INT32', nullable: true })),
  });

  it('are refused when the columns have changed', async () => {
    const { folder, job, committed } = jobOf({}, parquet('a'));
    await runAttempt({ ...job, stopAt: 2 }, committed, REAL);
    expect(filesOf(folder)).toEqual([]);
    const changed = { ...job, spec: { ...job.spec, format: parquet('a', 'b') } };
    await expect(runAttempt(changed, committed, REAL)).rejects.toMatchObject({
      code: 'STATE_INCOMPATIBLE',
      message: expect.stringContaining('its columns are others now'),
    });
  });
});

describe('a file sink whose device fails', () => {
  const failures: readonly (readonly [string, (broken: () => boolean) => PartFiles])[] = [
    [
      'is full in the middle of a write',
      (broken) => ({
        ...nodePartFiles,
        append(path, length, data) {
          if (!broken()) return nodePartFiles.append(path, length, data);
          nodePartFiles.append(path, length, data.slice(0, 3));
          throw systemError('ENOSPC');
        },
      }),
    ],
    [
      'is full when it is to keep the bytes',
      (broken) => ({
        ...nodePartFiles,
        sync: (path) => (broken() ? Promise.reject(systemError('ENOSPC')) : nodePartFiles.sync(path)),
      }),
    ],
    [
      'may no longer be written',
      (broken) => ({
        ...nodePartFiles,
        rename: (from, to) =>
          broken() ? Promise.reject(systemError('EACCES')) : nodePartFiles.rename(from, to),
      }),
    ],
  ];
  for (const [what, filesOfDevice] of failures) {
    it(`because it ${what} says so, shows nothing half, and goes on later`, async () => {
      const { folder, job, committed } = jobOf({ rolling: { ...FOREVER, maxPartBytes: 30 } });
      let commits = 0;
      const files = filesOfDevice(() => commits >= 2);
      const attempt = runAttempt({ ...job, commitEvery: 1 }, committed, {
        files,
        onCommit: () => {
          commits += 1;
        },
      });
      const error = await attempt.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(UserError);
      expect(error).toMatchObject({ code: 'SINK_INVALID', message: expect.stringContaining(folder) });
      expect(LINES.join('').startsWith(textOf(folder))).toBe(true);
      expect(textOf(folder).endsWith('\n') || textOf(folder) === '').toBe(true);
      await runAttempt(job, committed, REAL);
      expect(textOf(folder)).toBe(LINES.join(''));
      expect(filesOf(folder).some((path) => path.includes('inprogress'))).toBe(false);
      expect(existsSync(join(folder, 'part-0-0.ndjson'))).toBe(true);
    });
  }
});

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: it failed`), { code });
}
