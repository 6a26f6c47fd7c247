import type { MiddlewareObj } from '@middy/core';
import { createMetricsLogger, Unit } from 'aws-embedded-metrics';
import {
  METRIC_DIMENSION,
  METRIC_NAMESPACE,
  type MetricName,
  VERTEX_DIMENSION,
} from '../../lib/core/metric-names.ts';

type MetricValue = readonly [name: MetricName, value: number];

/** Metrics of a job, or of one of its vertices. */
export interface MetricLine {
  readonly job: string;
  readonly vertex?: string;
  readonly values: readonly MetricValue[];
}

/** Numbers counted since they were asked for last. */
export interface CountedMetrics {
  takeMetrics(): readonly MetricLine[];
}

/** Reports what an invocation has counted as metrics of the job; nothing where nothing was counted. */
export function jobMetrics<E, R>(counted: CountedMetrics): MiddlewareObj<E, R> {
  return {
    after: async () => {
      for (const line of counted.takeMetrics()) await putMetrics(line);
    },
  };
}

/** Writes metrics in one line; none if there are no values. */
export async function putMetrics({ job, vertex, values }: MetricLine): Promise<void> {
  if (values.length === 0) return;
  const logger = createMetricsLogger();
  logger.setNamespace(METRIC_NAMESPACE);
  logger.setDimensions({
    [METRIC_DIMENSION]: job,
    ...(vertex === undefined ? {} : { [VERTEX_DIMENSION]: vertex }),
  });
  for (const [name, value] of values) logger.putMetric(name, value, unitOf(name));
  await logger.flush();
}

const TIMES: readonly MetricName[] = ['watermarkLag', 'lastCheckpointAge', 'lastCheckpointDuration'];

function unitOf(name: MetricName): Unit {
  return TIMES.includes(name) ? Unit.Milliseconds : Unit.Count;
}
