import type { DurableResult, JobResult } from '../graph/job-execution.ts';

/** What a finished job did, as lines for people. */
export function formatSummary(result: JobResult): string {
  const { metrics, sinks } = result;
  const perSecond =
    result.durationMs === 0 ? '' : ` (${count((metrics.numRecordsIn * 1000) / result.durationMs)} records/s)`;
  const letters = result.deadLetterFile === undefined ? '' : ` in ${result.deadLetterFile}`;
  const { durable } = result;
  const width = Math.max(...sinks.map(({ uid }) => uid.length), 0);
  return [
    `Job '${result.jobName}' ${result.status} after ${(result.durationMs / 1000).toFixed(2)} s.`,
    `  records in    ${count(metrics.numRecordsIn)}${perSecond}`,
    `  records out   ${count(metrics.numRecordsOut)}`,
    `  late dropped  ${count(metrics.numLateRecordsDropped)}`,
    `  dead letters  ${count(metrics.numRecordsInErrors)}${letters}`,
    ...(durable === undefined ? [] : [`  restarts      ${count(durable.restarts)}`]),
    ...sinks.flatMap(({ uid, location }) =>
      location === undefined ? [] : [`  sink ${uid.padEnd(width)}  ${location}`],
    ),
    ...(durable === undefined ? [] : [stateLine(durable, result.status)]),
  ].join('\n');
}

/** That nothing was run, and how to run it nevertheless. */
export function formatFinishedBefore({ jobName, metrics, durable }: JobResult): string {
  const { stateDir, lastCommit } = durable ?? {};
  const when = lastCommit === undefined ? '' : ` at ${new Date(lastCommit.committedAt).toISOString()}`;
  return (
    `Job '${jobName}' is finished: it ended${when}, ${count(metrics.numRecordsIn)} records in, ` +
    `${count(metrics.numRecordsOut)} out (state in ${stateDir}). Run with --fresh to start over, ` +
    'and with --overwrite to replace its output.'
  );
}

function stateLine({ stateDir, lastCommit }: DurableResult, status: JobResult['status']): string {
  const commit = lastCommit === undefined ? 'no commit' : `commit ${lastCommit.version}`;
  const next = status === 'stopped' ? '; run again to go on' : '';
  return `  state         ${stateDir} (${commit}${next})`;
}

function count(n: number): string {
  return Math.round(n).toLocaleString('en-US');
}
