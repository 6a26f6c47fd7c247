/**
 * Looks after a deployed job: wakes its subtasks, aborts late checkpoints, collects its garbage, and stops
 * feeding a failed run.
 */

import { abortLateCheckpoints, movedSince, runOf } from '../lib/coordinator/checkpoint.ts';
import { collectGarbage } from '../lib/coordinator/garbage-collection.ts';
import { type CheckpointState, JobTables, type RunKey } from '../lib/coordinator/job-tables.ts';
import { KnownHeads } from '../lib/coordinator/log-head.ts';
import { sweepRun } from '../lib/coordinator/sweeper.ts';
import { LIMITS } from '../lib/core/limits.ts';
import type { MetricName } from '../lib/core/metric-names.ts';
import type { DeployedCoordinator } from './deployed-coordinator.ts';
import { FailedRunFeed } from './failed-run-feed.ts';
import { putMetrics } from './middlewares/job-metrics.ts';

type Metric = readonly [MetricName, number];

export class JobSweeper {
  readonly #coordinator: DeployedCoordinator;
  readonly #feed: FailedRunFeed;
  readonly #heads: KnownHeads;
  /** What was looked at last and held nothing for a checkpoint. */
  #quiet: string | undefined;

  constructor(coordinator: DeployedCoordinator) {
    this.#coordinator = coordinator;
    this.#feed = new FailedRunFeed(coordinator);
    this.#heads = new KnownHeads(coordinator.ports.log);
  }

  /** One sweep. Throws AggregateError if some subtasks could not be looked at, after all others were. */
  async sweep(): Promise<void> {
    const { ports, deployment } = this.#coordinator;
    const { job } = deployment;
    const state = await new JobTables(ports.records).job(job);
    if (state === undefined) return;
    const key = { job, run: state.value.currentRun };
    const { failures, movedAt, status } = await sweepRun(ports, key, this.#heads);
    if (status === 'RUNNING') await this.#lookAtCheckpoints(key, movedAt);
    await this.#feed.follow(key.run, status);
    const minute = Math.floor(ports.clock.now() / LIMITS.sweepIntervalMs);
    if (minute % LIMITS.sweepsPerCollection === 0) {
      await collectGarbage(ports, { job, retained: deployment.checkpoints?.retained });
    }
    if (failures.length > 0)
      throw new AggregateError(failures, `${failures.length} subtasks were not swept.`);
  }

  async #lookAtCheckpoints(key: RunKey, movedAt: number): Promise<void> {
    const { ports, deployment } = this.#coordinator;
    const { job } = key;
    const checkpoints = (await new JobTables(ports.records).checkpoints(key.run)).map(({ value }) => value);
    const late = await abortLateCheckpoints(ports, { job, checkpoints }, deployment.checkpoints);
    const failed: readonly Metric[] = late === 0 ? [] : [['numberOfFailedCheckpoints', late]];
    const age = await this.#ageOfCheckpoint(key, checkpoints, movedAt);
    await putMetrics({ job, values: [...failed, ...age] });
  }

  /**
   * Nothing for a job whose next checkpoint would be skipped. Before the first one it is the age of the run.
   */
  async #ageOfCheckpoint(
    key: RunKey,
    checkpoints: readonly CheckpointState[],
    movedAt: number,
  ): Promise<readonly Metric[]> {
    const { ports } = this.#coordinator;
    const last = checkpoints.findLast(({ status }) => status === 'COMPLETE');
    const looked = `${key.run} ${last?.n} ${movedAt}`;
    if (movedAt <= (last?.createdAt ?? 0) || looked === this.#quiet) return [];
    const { value: run } = await runOf(ports, key);
    if (await movedSince(ports, run, last)) {
      return [['lastCheckpointAge', ports.clock.now() - (last?.createdAt ?? run.changedAt)]];
    }
    this.#quiet = looked;
    return [];
  }
}
