/** The status of a running job for people and for programs. */
import { MAX_WATERMARK, MIN_TIMESTAMP } from '../core/time.ts';
import type { JobStatus } from '../graph/job-execution.ts';

/** Two looks at a job, from which rates come; the former is undefined at the first. */
export interface StatusChange {
  readonly before: JobStatus | undefined;
  readonly now: JobStatus;
}

/** Two lines, none longer than `width`. */
export function formatStatus(change: StatusChange, width: number): readonly string[] {
  const { now } = change;
  const { metrics, lastCommit } = now;
  const commit =
    lastCommit === undefined
      ? 'no commit yet'
      : `commit ${lastCommit.version}, ${formatSpan(now.now - lastCommit.committedAt)} ago`;
  const lines = [
    `${now.jobName}: in ${count(metrics.numRecordsIn)} (${count(rateOf(change, 'numRecordsIn'))}/s), ` +
      `out ${count(metrics.numRecordsOut)} (${count(rateOf(change, 'numRecordsOut'))}/s), ` +
      `late ${count(metrics.numLateRecordsDropped)}, dead ${count(metrics.numRecordsInErrors)}`,
    `  watermark ${formatWatermark(now)}, ${commit}`,
  ];
  return lines.map((line) => (line.length > width ? `${line.slice(0, Math.max(0, width - 1))}…` : line));
}

/** The same as plain data, with Flink's names. */
export function statusAsData(change: StatusChange): Readonly<Record<string, unknown>> {
  const { now } = change;
  const { metrics, lastCommit } = now;
  const watermark = watermarkOf(now);
  return {
    jobName: now.jobName,
    status: 'running',
    time: new Date(now.now).toISOString(),
    durationMs: now.durationMs,
    numRecordsIn: metrics.numRecordsIn,
    numRecordsInPerSecond: Math.round(rateOf(change, 'numRecordsIn')),
    numRecordsOut: metrics.numRecordsOut,
    numRecordsOutPerSecond: Math.round(rateOf(change, 'numRecordsOut')),
    numLateRecordsDropped: metrics.numLateRecordsDropped,
    numRecordsInErrors: metrics.numRecordsInErrors,
    currentWatermark: typeof watermark === 'number' ? new Date(watermark).toISOString() : null,
    watermarkLagMs: typeof watermark === 'number' ? now.now - watermark : null,
    lastCommit: lastCommit?.version ?? null,
    lastCommitAgeMs: lastCommit === undefined ? null : now.now - lastCommit.committedAt,
  };
}

/** A time span in the unit that suits it. Unit: ms. */
export function formatSpan(ms: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1000],
  ] as const;
  for (const [unit, size] of units) {
    if (Math.abs(ms) >= size) return `${(ms / size).toFixed(1)} ${unit}`;
  }
  return `${Math.round(ms)} ms`;
}

function formatWatermark(status: JobStatus): string {
  const watermark = watermarkOf(status);
  if (typeof watermark !== 'number') return watermark;
  return `${new Date(watermark).toISOString()} (${formatSpan(status.now - watermark)} behind)`;
}

/** A time that a calendar has, or why there is none. */
function watermarkOf({ watermark }: JobStatus): number | 'none' | 'at the end' {
  if (watermark === undefined || watermark === MIN_TIMESTAMP) return 'none';
  if (watermark === MAX_WATERMARK) return 'at the end';
  return Number.isNaN(new Date(watermark).getTime()) ? 'none' : watermark;
}

/** Unit: records per second. */
function rateOf({ before, now }: StatusChange, name: 'numRecordsIn' | 'numRecordsOut'): number {
  const ms = now.durationMs - (before?.durationMs ?? 0);
  return ms <= 0 ? 0 : ((now.metrics[name] - (before?.metrics[name] ?? 0)) * 1000) / ms;
}

function count(n: number): string {
  return Math.round(n).toLocaleString('en-US');
}
