import { join } from 'node:path';
import type { ExecuteJob, JobMetrics, SinkResult } from '../graph/job-execution.ts';
import type { StreamGraph } from '../graph/stream-graph.ts';
import { validateStreamGraph } from '../graph/validate.ts';
import type { MetricRegistry } from '../runtime/metrics.ts';
import { DeadLetterFile } from './dead-letter-file.ts';
import { EmbeddedJob } from './embedded-job.ts';
import { systemClock } from './system-clock.ts';

/** Runs a job in this process to its end. Rejects with the StreamError that ended it. */
export const executeGraph: ExecuteJob = async (options) => {
  const plan = options.graphOf(0);
  validateStreamGraph(plan);
  const deadLetters = new DeadLetterFile(options.deadLetterFile ?? defaultDeadLetterFile(plan.jobName));
  const job = new EmbeddedJob({
    plan,
    graphOf: options.graphOf,
    overwrite: options.overwrite ?? false,
    clock: systemClock,
    deadLetters,
    signal: options.signal,
  });
  const startedAt = systemClock.now();
  try {
    const finished = await job.run();
    return {
      jobName: plan.jobName,
      status: finished ? 'finished' : 'stopped',
      metrics: metricsOf(job.metrics),
      durationMs: systemClock.now() - startedAt,
      sinks: sinksOf(plan),
      deadLetterFile: deadLetters.count === 0 ? undefined : deadLetters.path,
    };
  } finally {
    deadLetters.close();
  }
};

function defaultDeadLetterFile(jobName: string): string {
  return join('.millrace', jobName.replaceAll(/[^\w.-]/g, '_'), 'dead-letters.ndjson');
}

function metricsOf(metrics: MetricRegistry): JobMetrics {
  return {
    numRecordsIn: metrics.total('numRecordsIn'),
    numRecordsOut: metrics.total('numRecordsOut'),
    numLateRecordsDropped: metrics.total('numLateRecordsDropped'),
    numRecordsInErrors: metrics.total('numRecordsInErrors'),
    counters: metrics.all(),
  };
}

function sinksOf(plan: StreamGraph): readonly SinkResult[] {
  return plan.nodes.flatMap(({ spec, uid, name }) =>
    spec.kind === 'sink' ? [{ uid: uid ?? name, location: spec.sink.location }] : [],
  );
}
