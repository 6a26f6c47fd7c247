import { expect, it } from 'vitest';
import { formatSpan, formatStatus, statusAsData } from '../../../lib/cli/status-text.ts';
import { MAX_WATERMARK } from '../../../lib/core/time.ts';
import type { JobStatus } from '../../../lib/graph/job-execution.ts';

const NOW = Date.UTC(2024, 0, 2, 3, 4, 5);

function status(change: Partial<JobStatus> = {}, numRecordsIn = 0, numRecordsOut = 0): JobStatus {
  return {
    jobName: 'delays',
    metrics: { numRecordsIn, numRecordsOut, numLateRecordsDropped: 12, numRecordsInErrors: 3, counters: {} },
    durationMs: 0,
    watermark: undefined,
    now: NOW,
    lastCommit: undefined,
    ...change,
  };
}

const BEFORE = status({ durationMs: 10_000 }, 1_000_000, 1000);
const AFTER = status(
  {
    durationMs: 12_000,
    watermark: NOW - 90_000,
    lastCommit: { version: 12, committedAt: NOW - 800 },
  },
  1_234_568,
  1500,
);

it('shows totals, rates since the last look, the watermark with its lag, and the last commit', () => {
  expect(formatStatus({ before: BEFORE, now: AFTER }, 200)).toEqual([
    'delays: in 1,234,568 (117,284/s), out 1,500 (250/s), late 12, dead 3',
    '  watermark 2024-01-02T03:02:35.000Z (1.5 min behind), commit 12, 800 ms ago',
  ]);
});

it('cuts lines at the width of the terminal', () => {
  const lines = formatStatus({ before: BEFORE, now: AFTER }, 20);

  expect(lines.map((line) => line.length)).toEqual([20, 20]);
  expect(lines[0]).toMatch(/…$/);
});

it('says so when there is no commit and no watermark yet, or the watermark is at the end', () => {
  expect(formatStatus({ before: undefined, now: status() }, 200)[1]).toBe('  watermark none, no commit yet');
  const ended = status({ watermark: MAX_WATERMARK });
  expect(formatStatus({ before: undefined, now: ended }, 200)[1]).toContain('watermark at the end');
});

it('takes a watermark beyond the years of a calendar for none', () => {
  const odd = status({ watermark: MAX_WATERMARK - 1 });

  expect(statusAsData({ before: undefined, now: odd })).toMatchObject({
    currentWatermark: null,
    watermarkLagMs: null,
  });
});

it('is plain data with the names of Flink for programs', () => {
  expect(statusAsData({ before: BEFORE, now: AFTER })).toEqual({
    jobName: 'delays',
    status: 'running',
    time: '2024-01-02T03:04:05.000Z',
    durationMs: 12_000,
    numRecordsIn: 1_234_568,
    numRecordsInPerSecond: 117_284,
    numRecordsOut: 1500,
    numRecordsOutPerSecond: 250,
    numLateRecordsDropped: 12,
    numRecordsInErrors: 3,
    currentWatermark: '2024-01-02T03:02:35.000Z',
    watermarkLagMs: 90_000,
    lastCommit: 12,
    lastCommitAgeMs: 800,
  });
});

it('counts a first look from the beginning of the job, and no time as no rate', () => {
  expect(statusAsData({ before: undefined, now: AFTER })).toMatchObject({ numRecordsOutPerSecond: 125 });
  expect(statusAsData({ before: AFTER, now: AFTER })).toMatchObject({ numRecordsOutPerSecond: 0 });
});

it.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1000, '1.0 s'],
  [90_000, '1.5 min'],
  [7_200_000, '2.0 h'],
  [86_400_000 * 3, '3.0 d'],
  [-90_000, '-1.5 min'],
])('a span of %i ms is %s', (ms, text) => {
  expect(formatSpan(ms)).toBe(text);
});
