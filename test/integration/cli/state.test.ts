import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { CliProject } from './cli-project.ts';
import { durableJob } from './durable-job.ts';

/** 140 records of five keys, every seventh of which is a dead letter. */
const RECORDS = 140;
const KEYS = ['key-0', 'key-1', 'key-2', 'key-3', 'key-4'];

/** The last sum of a key. */
function sumOf(key: string): number {
  let sum = 0;
  for (let n = 0; n < RECORDS; n++) if (n % 7 !== 0 && `key-${n % 5}` === key) sum += n;
  return sum;
}

async function finished(): Promise<{ readonly project: CliProject; readonly folder: string }> {
  const project = new CliProject({ 'job.ts': durableJob({ records: RECORDS, perSecond: 100_000 }) });
  expect((await project.millrace('run', 'job.ts')).exitCode).toBe(0);
  const { stdout } = await project.millrace('savepoint', 'counts');
  return { project, folder: stdout.trim() };
}

describe('millrace state', () => {
  it('lists, gets and exports what a savepoint and a job hold', async () => {
    const { project, folder } = await finished();
    for (const from of [folder, 'counts']) {
      const list = await project.millrace('state', 'list', from);
      expect([list.exitCode, list.stderr]).toEqual([0, '']);
      expect(list.stdout).toMatch(/^State of the job 'counts' at 20\S+Z\.$/m);
      expect(list.stdout).toContain("Source 'numbers' (data-generator) goes on");
      expect(list.stdout).toMatch(/^count +\S+ +value +5 +5 +string +\{ key: string; n: number \}$/m);
      const { data, name } = JSON.parse(
        (await project.millrace('state', 'list', from, '--json')).stdout,
      ).states.map((state: { readonly name: string }) => ({ data: state, name: state.name }))[0];
      expect(data).toMatchObject({ operator: 'count', keys: 5 });
      const one = await project.millrace('state', 'get', from, 'count', name, 'key-3');
      expect(JSON.parse(one.stdout)).toMatchObject({
        key: 'key-3',
        value: { key: 'key-3', n: sumOf('key-3') },
      });
    }
    const [{ name }] = JSON.parse((await project.millrace('state', 'list', folder, '--json')).stdout).states;
    for (const output of ['kept.ndjson', 'kept.parquet']) {
      const args = ['state', 'export', folder, 'count', name, '--output', output];
      expect((await project.millrace(...args)).stdout).toBe(`5 entries are in ${output}.\n`);
      const again = await project.millrace(...args);
      expect([again.exitCode, again.stderr]).toEqual([1, expect.stringContaining('exists')]);
    }
    const rows = project
      .read('kept.ndjson')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.map(({ key }) => key).sort()).toEqual(KEYS);
    const file = await asyncBufferFromFile(join(project.folder, 'kept.parquet'));
    const columns = await parquetReadObjects({ file });
    expect(columns.map(({ key, value }) => ({ key: JSON.parse(key), value: JSON.parse(value) }))).toEqual(
      rows.map(({ key, value }) => ({ key, value })),
    );
  });

  it('says what there is instead of what was asked for', async () => {
    const { project, folder } = await finished();
    const refusals: readonly [readonly string[], string][] = [
      [['get', folder, 'counts', 'x', 'k'], "has no operator 'counts', but numbers"],
      [['get', folder, 'count', 'x', 'k'], "Operator 'count' has no keyed state 'x'"],
      [['list', 'nothing'], "There is no job 'nothing' on this machine"],
      [['list', 'out'], 'holds no savepoint'],
      [['export', folder, 'count', 'x', '--output', 'a.csv'], 'has to end with .ndjson or .parquet'],
    ];
    for (const [args, message] of refusals) {
      const { exitCode, stderr } = await project.millrace('state', ...args);
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining(message)]);
    }
  });
});
