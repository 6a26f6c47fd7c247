import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { FolderSavepointStore } from '../adapters/folder/folder-savepoint-store.ts';
import { systemClock } from '../adapters/system/system-clock.ts';
import { UserError } from '../core/errors.ts';
import type {
  DurableResult,
  ExecuteJob,
  ExecuteOptions,
  JobCommit,
  JobMetrics,
  JobResult,
  JobStatus,
  SinkResult,
} from '../graph/job-execution.ts';
import { createJobGraph } from '../graph/job-graph.ts';
import { layoutOf } from '../graph/state-layout.ts';
import type { StreamGraph } from '../graph/stream-graph.ts';
import { structureOf } from '../graph/structure.ts';
import { validateStreamGraph } from '../graph/validate.ts';
import { MetricRegistry } from '../runtime/metrics.ts';
import { readSavepoint } from '../savepoint/read-savepoint.ts';
import { DeadLetterFile } from './dead-letter-file.ts';
import { EmbeddedJob } from './embedded-job.ts';
import { METRICS_FILE, writeMetrics } from './metrics-file.ts';
import type { ProgressRecord } from './run-records.ts';
import { type RestoredSavepoint, sharesOfSavepoint } from './savepoint-state.ts';
import { StateDirectory } from './state-directory.ts';

/** Where a job keeps its state and its dead letters unless it is told otherwise. */
export function defaultStateDir(jobName: string): string {
  return join('.millrace', jobName.replaceAll(/[^\w.-]/g, '_'));
}

/** Runs a job in this process to its end. Rejects with the StreamError that ended it. */
export const executeGraph: ExecuteJob = async (options) => {
  const plan = options.graphOf(0);
  validateStreamGraph(plan);
  const { stateDir } = options;
  requireStateDir(plan, options);
  if (stateDir === undefined) return run(plan, options, { state: undefined, savepoint: undefined });
  const savepoint = await savepointOf(plan, options);
  if (options.fresh) {
    await StateDirectory.discard(stateDir, plan.jobName, () => checkSinks(plan, options));
    rmSync(join(stateDir, METRICS_FILE), { force: true });
  }
  const state = await StateDirectory.open(stateDir, plan.jobName);
  try {
    const { progress } = state;
    if (progress !== undefined && savepoint !== undefined) throw hasState(stateDir);
    if (progress?.finished) return resultOfFinished(plan, progress, stateDir);
    const result = await run(plan, options, { state, savepoint });
    writeMetrics(stateDir, result);
    return result;
  } finally {
    state.close();
  }
};

async function run(
  plan: StreamGraph,
  options: ExecuteOptions,
  {
    state,
    savepoint,
  }: { readonly state: StateDirectory | undefined; readonly savepoint: RestoredSavepoint | undefined },
): Promise<JobResult> {
  const { observer } = options;
  const before = state?.progress;
  const deadLetterFile = options.deadLetterFile ?? join(defaultStateDir(plan.jobName), 'dead-letters.ndjson');
  const deadLetters = new DeadLetterFile(deadLetterFile, before?.deadLetters);
  const startedAt = systemClock.now();
  const durationAt = (now: number) => (before?.durationMs ?? 0) + now - startedAt;
  let reportedAt = startedAt;
  const from = commitOf(before);
  const job = new EmbeddedJob({
    plan,
    graphOf: options.graphOf,
    overwrite: options.overwrite ?? false,
    clock: systemClock,
    deadLetters,
    signal: options.signal,
    state,
    allowNonRestoredState: options.allowNonRestoredState ?? false,
    savepoint,
    onContinued: () => {
      if (from !== undefined) observer?.continued(from, statusAt(systemClock.now()));
    },
    onTurn: (now) => {
      if (observer === undefined || now - reportedAt < observer.intervalMs) return;
      reportedAt = now;
      observer.progress(statusAt(now));
    },
  });
  const statusAt = (now: number): JobStatus => ({
    jobName: plan.jobName,
    metrics: metricsOf(job.metrics),
    durationMs: durationAt(now),
    watermark: job.watermark,
    now,
    lastCommit: commitOf(state?.progress),
  });
  try {
    const finished = await job.run();
    return {
      jobName: plan.jobName,
      status: finished ? 'finished' : 'stopped',
      metrics: metricsOf(job.metrics),
      durationMs: durationAt(systemClock.now()),
      sinks: sinksOf(plan),
      deadLetterFile: deadLetters.count === 0 ? undefined : deadLetters.path,
      durable: state && durableResult(state),
    };
  } finally {
    deadLetters.close();
  }
}

function requireStateDir(
  { jobName, stateBackend }: StreamGraph,
  { stateDir, fromSavepoint, fresh }: ExecuteOptions,
): void {
  if (fromSavepoint !== undefined && stateDir === undefined) {
    throw new UserError(
      'ARGUMENT_INVALID',
      `Job '${jobName}' is to begin with a savepoint but was given no state directory to go on in: give it ` +
        'one, with --state-dir or stateDir of execute().',
      { context: { jobName } },
    );
  }
  if (fromSavepoint !== undefined && fresh) {
    throw new UserError(
      'ARGUMENT_INVALID',
      `Job '${jobName}' is to start over and to begin with a savepoint: leave fresh out, and give it a ` +
        'state directory that holds nothing.',
      { context: { jobName } },
    );
  }
  if (stateBackend === 'heap' || stateDir !== undefined) return;
  throw new UserError(
    'ARGUMENT_INVALID',
    `Job '${jobName}' keeps its keyed state in a table (state backend 'table') but was given no state ` +
      "directory. Run it with one: --state-dir, or stateDir of execute(); or use the backend 'heap'.",
    { context: { jobName } },
  );
}

function hasState(stateDir: string): UserError {
  return new UserError(
    'ARGUMENT_INVALID',
    `${stateDir} holds the state of the job already, which a savepoint would replace. Give another ` +
      'state directory, or move that one away; without the savepoint the job goes on from its state.',
    { context: { location: stateDir } },
  );
}

/** The savepoint to begin with; refused while nothing has been touched yet. */
async function savepointOf(
  plan: StreamGraph,
  { fromSavepoint, allowNonRestoredState = false }: ExecuteOptions,
): Promise<RestoredSavepoint | undefined> {
  if (fromSavepoint === undefined) return undefined;
  const location = { store: new FolderSavepointStore(fromSavepoint), where: fromSavepoint };
  const savepoint = { path: fromSavepoint, image: await readSavepoint(location) };
  const structure = structureOf(plan);
  const layout = layoutOf(createJobGraph(plan));
  sharesOfSavepoint(savepoint, { structure, layout, allowNonRestored: allowNonRestoredState });
  return savepoint;
}

/** A fresh start that is not to overwrite is refused while nothing has been removed yet. */
async function checkSinks(plan: StreamGraph, { overwrite = false }: ExecuteOptions): Promise<void> {
  if (overwrite) return;
  for (const { spec, uid, name } of plan.nodes) {
    if (spec.kind !== 'sink') continue;
    const runtime = await spec.sink.load();
    const operatorUid = uid ?? name;
    await runtime.prepare?.({ jobName: plan.jobName, operatorUid, overwrite, restored: false });
  }
}

function resultOfFinished(plan: StreamGraph, progress: ProgressRecord, stateDir: string): JobResult {
  const metrics = new MetricRegistry();
  metrics.restore(progress.counters);
  return {
    jobName: plan.jobName,
    status: 'finished',
    metrics: metricsOf(metrics),
    durationMs: progress.durationMs,
    sinks: sinksOf(plan),
    deadLetterFile: progress.deadLetters.count === 0 ? undefined : progress.deadLetters.path,
    durable: {
      stateDir,
      lastCommit: commitOf(progress),
      restarts: progress.restarts,
      finishedBefore: true,
    },
  };
}

function durableResult({ folder, progress, restarts }: StateDirectory): DurableResult {
  return { stateDir: folder, lastCommit: commitOf(progress), restarts, finishedBefore: false };
}

function commitOf(progress: ProgressRecord | undefined): JobCommit | undefined {
  return progress && { version: progress.version, committedAt: progress.committedAt };
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
