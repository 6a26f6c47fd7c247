import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, UserError } from '../core/errors.ts';
import type { JobResult } from '../graph/job-execution.ts';

/** Name of the file with the final metrics in a state directory. */
export const METRICS_FILE = 'metrics.json';

/** Writes what a job has counted, with Flink's names; replaces the file at once. */
export function writeMetrics(stateDir: string, result: JobResult): void {
  const { jobName, status, metrics, durationMs, durable } = result;
  const text = JSON.stringify(
    { jobName, status, ...metrics, durationMs, restarts: durable?.restarts, lastCommit: durable?.lastCommit },
    undefined,
    2,
  );
  const path = join(stateDir, METRICS_FILE);
  try {
    writeFileSync(`${path}.new`, `${text}\n`);
    renameSync(`${path}.new`, path);
  } catch (cause) {
    throw new UserError(
      'STATE_DIR_UNUSABLE',
      `${path} cannot be written (${messageOf(cause)}). The job has ended and its output is complete.`,
      { cause },
    );
  }
}
