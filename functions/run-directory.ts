/** Which run of the job is the one to work for. */
import { runOf } from '../lib/coordinator/checkpoint.ts';
import { JobTables, type RunState } from '../lib/coordinator/job-tables.ts';
import type { Deployment } from '../lib/core/deployment.ts';
import { RetryableError } from '../lib/core/errors.ts';
import type { JobRecords } from '../lib/ports/job-records.ts';

/** The current run, whatever became of it; undefined if the job never had one. */
export async function findCurrentRun(records: JobRecords, job: string): Promise<RunState | undefined> {
  const state = await new JobTables(records).job(job);
  return state && (await runOf({ records }, { job, run: state.value.currentRun })).value;
}

/**
 * Reads the current run.
 *
 * Throws RetryableError IO_FAILED while there is none, or while it is of other code, has failed or has not
 * begun: batches wait in their streams until there is another.
 */
export async function readCurrentRun(
  records: JobRecords,
  { job, code }: Pick<Deployment, 'job' | 'code'>,
): Promise<RunState> {
  const run = await findCurrentRun(records, job);
  if (run === undefined) throw notYet(`Job ${job} has no run yet.`);
  if (run.code !== code) throw notYet(`Run ${run.id} is of other code than this function.`);
  if (run.status === 'FAILED') {
    throw notYet(`Run ${run.id} has failed: mend its code and deploy it, or restore the job.`);
  }
  if (!run.genesisWritten) throw notYet(`Run ${run.id} is not restored yet.`);
  return run;
}

function notYet(text: string): RetryableError {
  return new RetryableError('IO_FAILED', `${text} What comes until then is delivered again.`);
}
