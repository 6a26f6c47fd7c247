import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { rideEvents } from '../../../examples/02-taxi-rides/rides.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Runs an example by the command line in a folder of its own; the rows of one of its outputs. */
function runExample(job: string, options: readonly string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-example-'));
  folders.push(folder);
  const bin = join(ROOT, 'bin/millrace.js');
  const args = [
    '--conditions=millrace-source',
    bin,
    'run',
    join(ROOT, 'examples', job, 'job.ts'),
    ...options,
  ];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return (output: string) =>
    readdirSync(join(folder, 'out', output))
      .flatMap((part) =>
        readFileSync(join(folder, 'out', output, part), 'utf8')
          .trimEnd()
          .split('\n'),
      )
      .map((line) => JSON.parse(line));
}

interface Row {
  readonly time: string;
  readonly account: string;
}

const data = (name: string): readonly (Row & Record<string, never>)[] =>
  readFileSync(join(ROOT, 'examples/03-risk-alerts/data', name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((l) => JSON.parse(l));

describe('the examples', () => {
  it('taxi rides reports exactly the rides that have not ended after two hours', () => {
    const alerts = runExample('02-taxi-rides')('taxi-rides');
    const events = rideEvents(10_000);
    const ends = new Map(
      events.filter(({ kind }) => kind === 'end').map(({ rideId, time }) => [rideId, time]),
    );
    const expected = events
      .filter(
        ({ kind, rideId, time }) => kind === 'start' && (ends.get(rideId) ?? Infinity) - time > 7_200_000,
      )
      .map(({ rideId }) => rideId);
    expect(alerts.map(({ rideId }) => rideId).sort((a, b) => a - b)).toEqual(expected);
    expect(alerts.length).toBeGreaterThan(1000);
  });

  it.each([1, 3])(
    'risk alerts judges every payment by the limit of its time, at parallelism %i',
    (parallelism) => {
      const rows = runExample('03-risk-alerts', ['--parallelism', String(parallelism)]);
      const limits = data('limits.ndjson');
      const spent = new Map<string, number>();
      const expected = { alerts: [] as string[], unlimited: [] as string[] };
      for (const payment of data('payments.ndjson').toSorted((a, b) => a.time.localeCompare(b.time))) {
        const hour = `${payment.account} ${payment.time.slice(0, 13)}`;
        spent.set(hour, (spent.get(hour) ?? 0) + Number(payment.amount));
        const limit = limits.findLast(
          ({ account, time }) => account === payment.account && time <= payment.time,
        );
        if (limit === undefined) expected.unlimited.push(String(payment.id));
        else if ((spent.get(hour) ?? 0) > Number(limit.perHour)) expected.alerts.push(String(payment.id));
      }
      expect(
        rows('risk-alerts/alerts')
          .map(({ payment }) => payment)
          .sort(),
      ).toEqual(expected.alerts.sort());
      expect(
        rows('risk-alerts/unlimited')
          .map(({ id }) => id)
          .sort(),
      ).toEqual(expected.unlimited.sort());
      expect(expected.alerts.length).toBeGreaterThan(5);
    },
  );
});
