import { Duration } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { METRIC_DIMENSION, METRIC_NAMESPACE, type MetricName } from '../lib/core/metric-names.ts';

/** A metric of a whole job, as its functions report it. */
export function jobMetric(
  jobName: string,
  { name, statistic = Stats.SUM }: { readonly name: MetricName; readonly statistic?: string },
): Metric {
  return new Metric({
    namespace: METRIC_NAMESPACE,
    metricName: name,
    dimensionsMap: { [METRIC_DIMENSION]: jobName },
    statistic,
    period: Duration.minutes(1),
  });
}
