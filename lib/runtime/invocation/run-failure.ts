import { messageOf, RetryableError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { type SubtaskId, subtaskPath } from '../../core/log/subtask-id.ts';
import type { Clock } from '../../ports/clock.ts';
import type { JobRecords } from '../../ports/job-records.ts';

export interface RunFailureOptions {
  readonly records: JobRecords;
  readonly clock: Clock;
  /** Key of the run's record. */
  readonly key: string;
}

/**
 * Marks the run FAILED, once: a run that is not RUNNING any more stays what it is. Nothing is sealed: a fixed
 * deployment continues from the log. Throws RetryableError IO_FAILED.
 */
export async function failRun(
  { records, clock, key }: RunFailureOptions,
  subtask: SubtaskId,
  error: unknown,
): Promise<void> {
  for (let attempt = 0; attempt < LIMITS.invocationTriesMax; attempt++) {
    const record = await records.get(key);
    const run = record?.value;
    if (record === undefined || typeof run !== 'object' || run === null) return;
    if (!('status' in run) || run.status !== 'RUNNING') return;
    const failed = {
      ...run,
      status: 'FAILED',
      changedAt: clock.now(),
      failure: { subtask: subtaskPath(subtask), message: messageOf(error) },
    };
    if (await records.update(key, record.revision, failed)) return;
  }
  throw new RetryableError('IO_FAILED', `The record ${key} is changed by others all the time; try again.`);
}
