/** What commands on jobs of this machine print, for people. */
import type { LocalJobReport } from '../local/local-jobs.ts';
import { formatSpan } from './status-text.ts';
import { table } from './text-table.ts';

/** `now`: ms since the epoch. */
export function localJobsText(jobs: readonly LocalJobReport[], now: number): string {
  if (jobs.length === 0) return 'No job has been run in this folder.';
  return table(
    ['JOB', 'STATUS', 'LAST COMMIT', 'STATE'],
    jobs.map(({ job, status, lastCommit, stateDir }) => [job, status, commitText(lastCommit, now), stateDir]),
  );
}

export function localStatusText(report: LocalJobReport, now: number): string {
  const { job, status, stateDir, lastCommit, restarts, durationMs, deadLetters, vertices } = report;
  const lines = [
    `Job '${job}' is ${status}.`,
    `  state         ${stateDir}`,
    `  last commit   ${commitText(lastCommit, now)}`,
    `  has run for   ${formatSpan(durationMs)}, with ${restarts} restarts`,
    `  dead letters  ${deadLetters}`,
    '',
  ];
  const rows = vertices.map(({ id, parallelism, maxParallelism, operators }) => [
    id,
    String(parallelism),
    String(maxParallelism),
    operators.join(', '),
  ]);
  return `${lines.join('\n')}${table(['VERTEX', 'PARALLELISM', 'MAX', 'OPERATORS'], rows)}`;
}

function commitText(commit: LocalJobReport['lastCommit'], now: number): string {
  if (commit === undefined) return 'none';
  return `${commit.version}, ${formatSpan(Math.max(0, now - commit.committedAt))} ago`;
}
