/** Which run of the job is the one to work for. */
import { runOf } from '../lib/coordinator/checkpoint.ts';
import { JobTables, type RunState } from '../lib/coordinator/job-tables.ts';
import type { Deployment } from '../lib/core/deployment.ts';
import { RetryableError } from '../lib/core/errors.ts';
import type { JobRecords } from '../lib/ports/job-records.ts';

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
  const state = await new JobTables(records).job(job);
  if (state === undefined) throw notYet(`Job ${job} has no run yet.`);
  const { value: run } = await runOf({ records }, { job, run: state.value.currentRun });
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
