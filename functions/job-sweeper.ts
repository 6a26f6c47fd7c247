/** Looks after a deployed job: wakes its subtasks, collects its garbage, and stops feeding a failed run. */
import { collectGarbage } from '../lib/coordinator/garbage-collection.ts';
import { JobTables, type RunKey } from '../lib/coordinator/job-tables.ts';
import { sweepRun } from '../lib/coordinator/sweeper.ts';
import { LIMITS } from '../lib/core/limits.ts';
import type { MetricName } from '../lib/core/metric-names.ts';
import type { DeployedCoordinator } from './deployed-coordinator.ts';
import { FailedRunFeed } from './failed-run-feed.ts';
import { putMetrics } from './middlewares/job-metrics.ts';

export class JobSweeper {
  readonly #coordinator: DeployedCoordinator;
  readonly #feed: FailedRunFeed;

  constructor(coordinator: DeployedCoordinator) {
    this.#coordinator = coordinator;
    this.#feed = new FailedRunFeed(coordinator);
  }

  /** One sweep. Throws AggregateError if some subtasks could not be looked at, after all others were. */
  async sweep(): Promise<void> {
    const { ports, deployment } = this.#coordinator;
    const { job } = deployment;
    const state = await new JobTables(ports.records).job(job);
    if (state === undefined) return;
    const key = { job, run: state.value.currentRun };
    const { failures, movedAt, status } = await sweepRun(ports, key);
    if (status === 'RUNNING') await putMetrics(job, await this.#ageOfCheckpoint(key, movedAt));
    await this.#feed.follow(key.run, status);
    const minute = Math.floor(ports.clock.now() / LIMITS.sweepIntervalMs);
    if (minute % LIMITS.sweepsPerCollection === 0) await collectGarbage(ports, { job });
    if (failures.length > 0)
      throw new AggregateError(failures, `${failures.length} subtasks were not swept.`);
  }

  /** Nothing for a job that has not moved since its last checkpoint. */
  async #ageOfCheckpoint(
    { run }: RunKey,
    movedAt: number,
  ): Promise<readonly (readonly [MetricName, number])[]> {
    const { clock, records } = this.#coordinator.ports;
    const checkpoints = (await new JobTables(records).checkpoints(run)).map(({ value }) => value);
    const last = checkpoints.findLast(({ status }) => status === 'COMPLETE');
    if (last === undefined || movedAt <= last.createdAt) return [];
    return [['lastCheckpointAge', clock.now() - last.createdAt]];
  }
}
