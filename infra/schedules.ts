import { Duration } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { checkpointIntervalOf } from './checkpointing.ts';
import { allow, allowKey } from './function-role.ts';
import type { JobScope } from './job-scope.ts';

const SWEEP_INTERVAL = Duration.minutes(1);
/** The shortest age that the scheduler takes: a sweep that is late is one that the next replaces. */
const EVENT_AGE = Duration.minutes(1);

/** Starts a sweep each minute, and a checkpoint at the interval of the job. */
export function createSchedules(
  job: JobScope,
  { sweeper, checkpoint }: { readonly sweeper: IFunction; readonly checkpoint: IStateMachine },
): readonly CfnSchedule[] {
  const role = new Role(job.scope, 'ScheduleRole', {
    assumedBy: new ServicePrincipal('scheduler.amazonaws.com'),
  });
  allow(role, { actions: ['lambda:InvokeFunction'], resources: [sweeper.functionArn] });
  allow(role, { actions: ['states:StartExecution'], resources: [checkpoint.stateMachineArn] });
  allow(role, { actions: ['sqs:SendMessage'], resources: [job.stores.undelivered.queueArn] });
  allowKey(role, job.encryptionKey, 'encrypt and decrypt');
  const interval = checkpointIntervalOf(job);
  return [
    createSchedule(job, { id: 'SweepSchedule', every: SWEEP_INTERVAL, arn: sweeper.functionArn, role }),
    createSchedule(job, { id: 'CheckpointSchedule', every: interval, arn: checkpoint.stateMachineArn, role }),
  ];
}

function createSchedule(
  { scope, stores }: JobScope,
  target: { readonly id: string; readonly every: Duration; readonly arn: string; readonly role: Role },
): CfnSchedule {
  const minutes = target.every.toMinutes();
  const schedule = new CfnSchedule(scope, target.id, {
    flexibleTimeWindow: { mode: 'OFF' },
    scheduleExpression: `rate(${minutes} ${minutes === 1 ? 'minute' : 'minutes'})`,
    target: {
      arn: target.arn,
      roleArn: target.role.roleArn,
      input: '{}',
      retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: EVENT_AGE.toSeconds() },
      deadLetterConfig: { arn: stores.undelivered.queueArn },
    },
  });
  schedule.node.addDependency(target.role);
  return schedule;
}
