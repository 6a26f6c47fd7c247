import { expect, it } from 'vitest';
import { formatSummary } from '../../../lib/cli/run-summary.ts';

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
