import type { JobResult } from '../graph/job-execution.ts';

/** What a finished job did, as lines for people. */
export function formatSummary(result: JobResult): string {
  const { metrics, sinks } = result;
  const perSecond =
    result.durationMs === 0 ? '' : ` (${count((metrics.numRecordsIn * 1000) / result.durationMs)} records/s)`;
  const letters = result.deadLetterFile === undefined ? '' : ` in ${result.deadLetterFile}`;
  const width = Math.max(...sinks.map(({ uid }) => uid.length), 0);
  return [
    `Job '${result.jobName}' ${result.status} after ${(result.durationMs / 1000).toFixed(2)} s.`,
    `  records in    ${count(metrics.numRecordsIn)}${perSecond}`,
    `  records out   ${count(metrics.numRecordsOut)}`,
    `  late dropped  ${count(metrics.numLateRecordsDropped)}`,
    `  dead letters  ${count(metrics.numRecordsInErrors)}${letters}`,
    ...sinks.flatMap(({ uid, location }) =>
      location === undefined ? [] : [`  sink ${uid.padEnd(width)}  ${location}`],
    ),
  ].join('\n');
}

function count(n: number): string {
  return Math.round(n).toLocaleString('en-US');
}
