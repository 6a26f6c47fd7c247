import { expect, it } from 'vitest';
import { formatFinishedBefore, formatSummary } from '../../../lib/cli/run-summary.ts';

const RESULT = {
  jobName: 'delays',
  status: 'finished',
  metrics: {
    numRecordsIn: 3_000_000,
    numRecordsOut: 1_234_567,
    numLateRecordsDropped: 12,
    numRecordsInErrors: 0,
    counters: {},
  },
  durationMs: 12_345,
  sinks: [
    { uid: 'hourly', location: 'out/hourly' },
    { uid: 'late', location: 'out/late' },
    { uid: 'printed', location: undefined },
  ],
  deadLetterFile: undefined,
  durable: undefined,
} as const;

it('says where the result lies, what went in, out, late and dead, and how fast', () => {
  expect(formatSummary(RESULT)).toBe(
    [
      "Job 'delays' finished after 12.35 s.",
      '  records in    3,000,000 (243,013 records/s)',
      '  records out   1,234,567',
      '  late dropped  12',
      '  dead letters  0',
      '  sink hourly   out/hourly',
      '  sink late     out/late',
    ].join('\n'),
  );
});

it('names the file of dead letters only if there are any, and no rate for no time', () => {
  const text = formatSummary({
    ...RESULT,
    status: 'stopped',
    durationMs: 0,
    metrics: { ...RESULT.metrics, numRecordsInErrors: 2 },
    deadLetterFile: '.millrace/delays/dead-letters.ndjson',
  });

  expect(text).toContain("Job 'delays' stopped after 0.00 s.");
  expect(text).toContain('  records in    3,000,000\n');
  expect(text).toContain('  dead letters  2 in .millrace/delays/dead-letters.ndjson');
});

const DURABLE = {
  stateDir: '.millrace/delays',
  lastCommit: { version: 12, committedAt: Date.UTC(2024, 0, 2) },
  restarts: 2,
  finishedBefore: false,
};

it('says of a job with state how often it was restarted and how to go on', () => {
  const finished = formatSummary({ ...RESULT, durable: DURABLE });
  const stopped = formatSummary({ ...RESULT, status: 'stopped', durable: DURABLE });

  expect(finished).toContain('\n  restarts      2\n');
  expect(finished).toMatch(/\n {2}state {9}\.millrace\/delays \(commit 12\)$/);
  expect(stopped).toMatch(/\(commit 12; run again to go on\)$/);
});

it('says of a job that had finished before when that was and how to start over', () => {
  expect(formatFinishedBefore({ ...RESULT, durable: { ...DURABLE, finishedBefore: true } })).toBe(
    "Job 'delays' is finished: it ended at 2024-01-02T00:00:00.000Z, 3,000,000 records in, 1,234,567 out " +
      '(state in .millrace/delays). Run with --fresh to start over, and with --overwrite to replace its output.',
  );
});
