/** The function that looks after a job once a minute. */
import { collectGarbage } from '../lib/coordinator/garbage-collection.ts';
import { JobTables } from '../lib/coordinator/job-tables.ts';
import { sweepRun } from '../lib/coordinator/sweeper.ts';
import { LIMITS } from '../lib/core/limits.ts';
import type { MetricName } from '../lib/core/metric-names.ts';
import { type DeployedCoordinator, openCoordinator } from './deployed-coordinator.ts';
import { readDeployment } from './deployment-environment.ts';
import { putMetrics } from './middlewares/job-metrics.ts';

const coordinator = openCoordinator(readDeployment());

/** Wakes subtasks, and collects garbage from time to time. */
export async function handler(): Promise<void> {
  await sweep(coordinator);
}

async function sweep({ ports, deployment }: DeployedCoordinator): Promise<void> {
  const { job } = deployment;
  const state = await new JobTables(ports.records).job(job);
  if (state === undefined) return;
  const key = { job, run: state.value.currentRun };
  const { failures, movedAt, status } = await sweepRun(ports, key);
  if (status === 'RUNNING') await putMetrics(job, await ageOfCheckpoint(ports, { run: key.run, movedAt }));
  const minute = Math.floor(ports.clock.now() / LIMITS.sweepIntervalMs);
  if (minute % LIMITS.sweepsPerCollection === 0) await collectGarbage(ports, { job });
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} subtasks were not swept.`);
}

/** Nothing for a job that has not moved since its last checkpoint. */
async function ageOfCheckpoint(
  ports: DeployedCoordinator['ports'],
  { run, movedAt }: { readonly run: string; readonly movedAt: number },
): Promise<readonly (readonly [MetricName, number])[]> {
  const checkpoints = (await new JobTables(ports.records).checkpoints(run)).map(({ value }) => value);
  const last = checkpoints.findLast(({ status }) => status === 'COMPLETE');
  if (last === undefined || movedAt <= last.createdAt) return [];
  return [['lastCheckpointAge', ports.clock.now() - last.createdAt]];
}
