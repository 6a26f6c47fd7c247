import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Construct } from 'constructs';
import { checkpointIntervalOf } from './checkpointing.ts';
import { constructId } from './construct-id.ts';
import { sourceBindingOf } from './deployable-plan.ts';
import { jobMetric } from './job-metrics.ts';
import type { JobScope } from './job-scope.ts';
import type { AlarmProps } from './stream-job-props.ts';
import type { TaskFunction } from './task-functions.ts';

const ITERATOR_AGE = Duration.minutes(5);
const CHECKPOINT_INTERVALS = 3;
const LAG_PERIODS = 5;

interface Condition {
  readonly metric: IMetric;
  readonly threshold: number;
  readonly description: string;
  readonly periods?: number;
}

/** Alarms on lag, dead letters, failed runs and late checkpoints. */
export function createAlarms(
  job: JobScope,
  { tasks, alarms }: { readonly tasks: readonly TaskFunction[]; readonly alarms: AlarmProps },
): readonly Alarm[] {
  const conditions = new Map([...lagConditions(job, { tasks, alarms }), ...jobConditions(job, alarms)]);
  const scope = new Construct(job.scope, 'Alarms');
  return [...conditions].map(([id, condition]) => createAlarm(scope, { id, condition, alarms }));
}

function lagConditions(
  { jobName, props }: JobScope,
  { tasks, alarms }: { readonly tasks: readonly TaskFunction[]; readonly alarms: AlarmProps },
): readonly (readonly [string, Condition])[] {
  const age = alarms.iteratorAge ?? ITERATOR_AGE;
  // Objects have no age.
  const fed = tasks.filter(
    ({ vertex }) => sourceBindingOf(vertex, props.bindings ?? {})?.kind !== 's3-source',
  );
  return fed.map(({ vertex, fn }) => [
    `IteratorAge-${constructId(vertex.id)}`,
    {
      metric: fn.metric('IteratorAge', { statistic: Stats.MAXIMUM, period: Duration.minutes(1) }),
      threshold: age.toSeconds() * 1000,
      periods: LAG_PERIODS,
      description: `Vertex '${vertex.id}' of ${jobName} reads records older than ${age.toHumanString()}.`,
    },
  ]);
}

function jobConditions(job: JobScope, alarms: AlarmProps): readonly (readonly [string, Condition])[] {
  const { jobName, stores } = job;
  const age =
    alarms.checkpointAge ?? Duration.minutes(checkpointIntervalOf(job).toMinutes() * CHECKPOINT_INTERVALS);
  return [
    [
      'DeadLetters',
      {
        metric: jobMetric(jobName, { name: 'numRecordsInErrors' }),
        threshold: 0,
        description: `${jobName} has records that it could not process: dead letters.`,
      },
    ],
    [
      'Undelivered',
      {
        metric: stores.undelivered.metricApproximateNumberOfMessagesVisible({
          statistic: Stats.MAXIMUM,
          period: Duration.minutes(1),
        }),
        threshold: 0,
        description: `${stores.undelivered.node.path} holds what a schedule or a mapping could not deliver.`,
      },
    ],
    [
      'RunFailed',
      {
        metric: jobMetric(jobName, { name: 'runsFailed' }),
        threshold: 0,
        description: `A run of ${jobName} has failed and stands still until it is mended and deployed.`,
      },
    ],
    [
      'CheckpointAge',
      {
        metric: jobMetric(jobName, { name: 'lastCheckpointAge', statistic: Stats.MAXIMUM }),
        threshold: age.toSeconds() * 1000,
        description: `The last complete checkpoint of ${jobName} is older than ${age.toHumanString()}.`,
      },
    ],
  ];
}

function createAlarm(
  scope: Construct,
  {
    id,
    condition,
    alarms,
  }: { readonly id: string; readonly condition: Condition; readonly alarms: AlarmProps },
): Alarm {
  const { metric, threshold, description, periods = 1 } = condition;
  const alarm = new Alarm(scope, id, {
    metric,
    threshold,
    alarmDescription: description,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: periods,
    // A job that is idle reports nothing.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
  if (alarms.topic === undefined) return alarm;
  const action = new SnsAction(alarms.topic);
  alarm.addAlarmAction(action);
  alarm.addOkAction(action);
  return alarm;
}
