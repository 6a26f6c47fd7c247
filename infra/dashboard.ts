import { Duration } from 'aws-cdk-lib';
import { Dashboard, GraphWidget, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { jobMetric } from './job-metrics.ts';
import type { JobScope } from './job-scope.ts';
import type { TaskFunction } from './task-functions.ts';

const COLUMNS = 12;
const PERIOD = Duration.minutes(1);

/** One page: records, lag, duration and errors of the functions, checkpoints, event time. */
export function createDashboard({ scope, jobName }: JobScope, tasks: readonly TaskFunction[]): Dashboard {
  const lambdaMetrics = (name: string, statistic: string) =>
    tasks.map(({ vertex, fn }) => fn.metric(name, { statistic, label: vertex.id, period: PERIOD }));
  return new Dashboard(scope, 'Dashboard', {
    widgets: [
      [
        new GraphWidget({
          title: 'Records',
          width: COLUMNS,
          left: [
            jobMetric(jobName, { name: 'numRecordsIn' }),
            jobMetric(jobName, { name: 'numRecordsOut' }),
            jobMetric(jobName, { name: 'numLateRecordsDropped' }),
            jobMetric(jobName, { name: 'numRecordsInErrors' }),
          ],
        }),
        new GraphWidget({
          title: 'Age of the oldest record read (ms)',
          width: COLUMNS,
          left: lambdaMetrics('IteratorAge', Stats.MAXIMUM),
        }),
      ],
      [
        new GraphWidget({
          title: 'Duration of a batch (ms)',
          width: COLUMNS,
          left: lambdaMetrics('Duration', 'p95'),
        }),
        new GraphWidget({
          title: 'Failed invocations',
          width: COLUMNS,
          left: lambdaMetrics('Errors', Stats.SUM),
        }),
      ],
      [
        new GraphWidget({
          title: 'Checkpoints',
          width: COLUMNS,
          left: [
            jobMetric(jobName, { name: 'numberOfCompletedCheckpoints' }),
            jobMetric(jobName, { name: 'numberOfFailedCheckpoints' }),
          ],
          right: [
            jobMetric(jobName, { name: 'lastCheckpointAge', statistic: Stats.MAXIMUM }),
            jobMetric(jobName, { name: 'lastCheckpointDuration', statistic: Stats.MAXIMUM }),
          ],
        }),
        new GraphWidget({
          title: 'Event time behind the clock (ms)',
          width: COLUMNS,
          left: [jobMetric(jobName, { name: 'watermarkLag', statistic: Stats.MAXIMUM })],
        }),
      ],
    ],
  });
}
