/** When checkpoints are taken and how many are kept. */
import { Duration, Token } from 'aws-cdk-lib';
import type { CheckpointSettings } from '../lib/core/deployment.ts';
import { LIMITS } from '../lib/core/limits.ts';
import { notDeployable } from './deployable-plan.ts';
import type { JobScope } from './job-scope.ts';

/** How often a checkpoint is taken. Throws UserError JOB_NOT_DEPLOYABLE unless it is whole minutes. */
export function checkpointIntervalOf({ props, scope }: JobScope): Duration {
  const interval = props.checkpointInterval ?? Duration.minutes(10);
  const minutes = interval.isUnresolved() ? Number.NaN : interval.toMinutes({ integral: false });
  if (minutes >= 1 && Number.isInteger(minutes)) return interval;
  throw notDeployable(
    scope.node.path,
    `checkpointInterval is ${shown(interval)}; it is whole minutes, at least one`,
  );
}

/** What the coordinator is told; only what the job sets. Throws UserError JOB_NOT_DEPLOYABLE. */
export function checkpointSettingsOf(job: JobScope): CheckpointSettings {
  const timeoutMs = timeoutOf(job);
  const minPauseMs = minPauseOf(job);
  const retained = retainedOf(job);
  return {
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(minPauseMs === undefined ? {} : { minPauseMs }),
    ...(retained === undefined ? {} : { retained }),
  };
}

function timeoutOf({ props: { checkpointTimeout: timeout }, scope }: JobScope): number | undefined {
  if (timeout === undefined) return undefined;
  const max = Duration.millis(LIMITS.checkpointExecutionMsMax);
  const seconds = secondsOf(timeout);
  if (seconds >= 1 && seconds <= max.toSeconds()) return seconds * 1000;
  throw notDeployable(
    scope.node.path,
    `checkpointTimeout is ${shown(timeout)}; it is whole seconds, at least one, and at most ` +
      `${max.toHumanString()}, the time that its state machine has`,
  );
}

function minPauseOf(job: JobScope): number | undefined {
  const { minPauseBetweenCheckpoints: pause } = job.props;
  if (pause === undefined) return undefined;
  const interval = checkpointIntervalOf(job);
  const seconds = secondsOf(pause);
  if (seconds <= interval.toSeconds()) return seconds * 1000;
  throw notDeployable(
    job.scope.node.path,
    `minPauseBetweenCheckpoints is ${shown(pause)}; it is whole seconds, at most the checkpointInterval, ` +
      `${interval.toHumanString()}`,
  );
}

function retainedOf({ props: { retainedCheckpoints: retained }, scope }: JobScope): number | undefined {
  if (retained === undefined) return undefined;
  const max = LIMITS.checkpointsRetainedMax;
  const known = !Token.isUnresolved(retained);
  if (known && Number.isInteger(retained) && retained >= 1 && retained <= max) return retained;
  throw notDeployable(
    scope.node.path,
    `retainedCheckpoints is ${known ? retained : UNKNOWN}; it is a whole number from 1 to ${max}`,
  );
}

const UNKNOWN = 'a token, which is not known at synthesis';

/** NaN unless it is whole seconds and known. */
function secondsOf(duration: Duration): number {
  const seconds = duration.isUnresolved() ? Number.NaN : duration.toSeconds({ integral: false });
  return Number.isInteger(seconds) ? seconds : Number.NaN;
}

function shown(duration: Duration): string {
  return duration.isUnresolved() ? UNKNOWN : duration.toHumanString();
}
