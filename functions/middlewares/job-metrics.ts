import type { MiddlewareObj } from '@middy/core';
import { createMetricsLogger, Unit } from 'aws-embedded-metrics';
import {
  METRIC_DIMENSION,
  METRIC_NAMES,
  METRIC_NAMESPACE,
  type MetricName,
} from '../../lib/core/metric-names.ts';

/** Numbers counted since they were asked for last. */
export interface CountedMetrics {
  takeCounts(): ReadonlyMap<MetricName, number>;
}

/** Reports what an invocation has counted as metrics of the job; nothing where nothing was counted. */
export function jobMetrics<E, R>(job: string, counted: CountedMetrics): MiddlewareObj<E, R> {
  return {
    after: async () => {
      const counts = [...counted.takeCounts()].filter(([, count]) => count > 0);
      await putMetrics(job, counts);
    },
  };
}

/** Writes metrics of a job in one line. */
export async function putMetrics(
  job: string,
  metrics: readonly (readonly [name: MetricName, value: number])[],
): Promise<void> {
  if (metrics.length === 0) return;
  const logger = createMetricsLogger();
  logger.setNamespace(METRIC_NAMESPACE);
  logger.setDimensions({ [METRIC_DIMENSION]: job });
  for (const [name, value] of metrics) logger.putMetric(name, value, unitOf(name));
  await logger.flush();
}

/** The counters of a job, by the names under which it reports them. */
export function countsOf(total: (name: string) => number): ReadonlyMap<MetricName, number> {
  return new Map(METRIC_NAMES.map((name) => [name, total(name)] as const));
}

function unitOf(name: MetricName): Unit {
  return name === 'lastCheckpointAge' ? Unit.Milliseconds : Unit.Count;
}
