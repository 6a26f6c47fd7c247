/**
 * What the function of a vertex has to report.
 *
 * 1. Nothing is reported twice, and nothing by an invocation in which nothing happened.
 * 2. For the job, records are those that its sources read and its sinks wrote; for a vertex, those also that
 *    come from other vertices and go to them.
 */
import type { Deployment } from '../lib/core/deployment.ts';
import type { MetricName } from '../lib/core/metric-names.ts';
import { MetricRegistry } from '../lib/runtime/metrics.ts';
import type { CountedMetrics, MetricLine } from './middlewares/job-metrics.ts';

type Counted = readonly [name: MetricName, ofJob: readonly string[], ofVertex?: readonly string[]];

/** By the names under which they are reported, the counters that they are the sums of. */
const COUNTED: readonly Counted[] = [
  ['numRecordsIn', ['numRecordsIn'], ['numRecordsIn', 'numRecordsReceived']],
  ['numRecordsOut', ['numRecordsOut'], ['numRecordsOut', 'numRecordsSent']],
  ['numLateRecordsDropped', ['numLateRecordsDropped']],
  ['numRecordsInErrors', ['numRecordsInErrors']],
  ['runsFailed', ['runsFailed']],
];

export class TaskMetrics implements CountedMetrics {
  readonly registry = new MetricRegistry();
  readonly #job: string;
  /** Set if the vertex reports beside the job. */
  readonly #vertex: string | undefined;
  readonly #told = new Map<string, number>();

  constructor({ job, vertexMetrics = false }: Deployment, vertex: string) {
    this.#job = job;
    this.#vertex = vertexMetrics ? vertex : undefined;
  }

  takeMetrics(): readonly MetricLine[] {
    const fresh = this.#takeCounts();
    const lags = this.registry.takeGauges('watermarkLag');
    const lag = lags.length === 0 ? [] : [['watermarkLag', Math.max(...lags)] as const];
    const valuesOf = (countersOf: (counted: Counted) => readonly string[]) => {
      const sums = COUNTED.map((counted) => [counted[0], sumOf(fresh, countersOf(counted))] as const);
      return [...sums.filter(([, sum]) => sum > 0), ...lag];
    };
    const lines: MetricLine[] = [{ job: this.#job, values: valuesOf(([, ofJob]) => ofJob) }];
    if (this.#vertex === undefined) return lines;
    const values = valuesOf(([, ofJob, ofVertex = ofJob]) => ofVertex);
    return [...lines, { job: this.#job, vertex: this.#vertex, values }];
  }

  #takeCounts(): ReadonlyMap<string, number> {
    const counters = new Set(COUNTED.flatMap(([, ofJob, ofVertex = []]) => [...ofJob, ...ofVertex]));
    const fresh = new Map<string, number>();
    for (const counter of counters) {
      const total = this.registry.total(counter);
      fresh.set(counter, total - (this.#told.get(counter) ?? 0));
      this.#told.set(counter, total);
    }
    return fresh;
  }
}

function sumOf(counts: ReadonlyMap<string, number>, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + (counts.get(name) ?? 0), 0);
}
