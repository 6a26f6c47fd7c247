/** What commands on deployed jobs print, for people. */
import type { CheckpointReport, JobReport } from '../coordinator/job-report.ts';
import type { DeployedJobNames } from '../deployed/deployed-jobs.ts';
import type { ListedLetter } from '../deployed/deployed-target.ts';
import { formatSpan } from './status-text.ts';
import { table } from './text-table.ts';

const RECORD_CHARACTERS = 60;

export function jobsText(jobs: readonly DeployedJobNames[]): string {
  if (jobs.length === 0) return 'No job is deployed in this account and region.';
  return table(
    ['JOB', 'STACK'],
    jobs.map(({ job, stack }) => [job, stack]),
  );
}

/** `now`: ms since the epoch. */
export function statusText(report: JobReport, now: number): string {
  const { job, run, lineage, status, since, failure, restoredFrom, lastCheckpoint, vertices } = report;
  const checkpoint =
    lastCheckpoint === null ? 'none' : `${lastCheckpoint.n}, ${ago(lastCheckpoint.createdAt, now)}`;
  const lines = [
    `Job '${job}' is ${status} since ${new Date(since).toISOString()} (${ago(since, now)}).`,
    `  run              ${run}, the ${ordinal(lineage)} of the job`,
    ...(restoredFrom === null ? [] : [`  restored from    ${restoredFrom}`]),
    `  last checkpoint  ${checkpoint}`,
    ...(failure === null || failure === undefined
      ? []
      : [`  failed           ${failure.subtask}: ${failure.message}`]),
    '',
  ];
  const rows = vertices.map(({ id, parallelism, versions, committedAt, finished }) => [
    id,
    String(parallelism),
    String(versions),
    committedAt === null || committedAt === 0 ? 'never' : ago(committedAt, now),
    finished === 0 ? '' : `${finished} finished`,
  ]);
  return `${lines.join('\n')}${table(['VERTEX', 'PARALLELISM', 'COMMITS', 'LAST COMMIT', ''], rows)}`;
}

export function checkpointsText(checkpoints: readonly CheckpointReport[], now: number): string {
  if (checkpoints.length === 0) return 'The run has no checkpoint yet.';
  const rows = checkpoints.map(({ n, purpose, status, createdAt, path }) => [
    String(n),
    purpose === 'stop' ? 'savepoint (stop)' : purpose,
    status,
    ago(createdAt, now),
    path ?? '',
  ]);
  return table(['N', 'KIND', 'STATUS', 'TAKEN', 'PATH'], rows);
}

export function lettersText({
  letters,
  more,
}: {
  readonly letters: readonly Omit<ListedLetter, 'name'>[];
  readonly more: boolean;
}): string {
  if (letters.length === 0) return 'There are no dead letters.';
  const rows = letters.map(({ operator, code, raw }) => [operator, code, raw.slice(0, RECORD_CHARACTERS)]);
  return `${table(['OPERATOR', 'REASON', 'RECORD'], rows)}${more ? '\nThere are more.' : ''}`;
}

function ago(time: number, now: number): string {
  return `${formatSpan(Math.max(0, now - time))} ago`;
}

function ordinal(n: number): string {
  const rules = new Intl.PluralRules('en', { type: 'ordinal' });
  const suffixes: Readonly<Record<string, string>> = { one: 'st', two: 'nd', few: 'rd' };
  return `${n}${suffixes[rules.select(n)] ?? 'th'}`;
}
