/** What people are told of a job and its checkpoints. Plain JSON data. */
import { mapConcurrently } from '../core/concurrent-calls.ts';
import type { CoordinatorPorts } from './coordinator-ports.ts';
import { type CheckpointState, JobTables, type RunKey, type RunState } from './job-tables.ts';
import { findHead } from './log-head.ts';
import { type PlanVertex, subtasksOfVertex } from './run-plan.ts';

export interface JobReport {
  readonly job: string;
  readonly run: string;
  readonly lineage: number;
  readonly status: RunState['status'];
  /** Unit: ms since the epoch. */
  readonly since: number;
  readonly restoredFrom: string | null;
  /** Why it has failed. */
  readonly failure: RunState['failure'] | null;
  /** In topological order. */
  readonly vertices: readonly VertexReport[];
  readonly lastCheckpoint: CheckpointReport | null;
}

export interface VertexReport {
  readonly id: string;
  readonly parallelism: number;
  readonly maxParallelism: number;
  readonly operators: readonly string[];
  /** Of all subtasks together. */
  readonly versions: number;
  /** Processing time of the last version; null before the first. Unit: ms since the epoch. */
  readonly committedAt: number | null;
  /** Subtasks that have reached the end of their input. */
  readonly finished: number;
}

export interface CheckpointReport {
  readonly run: string;
  readonly n: number;
  readonly purpose: CheckpointState['purpose'];
  readonly status: CheckpointState['status'];
  /** Unit: ms since the epoch. */
  readonly createdAt: number;
  /** What a restore names; null if there is nothing to restore from. */
  readonly path: string | null;
}

type ReportPorts = Pick<CoordinatorPorts, 'log' | 'records'>;

/** How the run of a job is, from the heads of its logs. */
export async function reportRun(ports: ReportPorts, run: RunState): Promise<JobReport> {
  const { job, id, lineage, status, changedAt, restoredFrom, failure = null, plan } = run;
  const vertices: VertexReport[] = [];
  for (const vertex of plan.vertices) vertices.push(await reportVertex(ports, vertex, id));
  const checkpoints = await reportCheckpoints(ports, { job, run: id });
  return {
    ...{ job, run: id, lineage, status, since: changedAt, restoredFrom, failure, vertices },
    lastCheckpoint: checkpoints.findLast((checkpoint) => checkpoint.status === 'COMPLETE') ?? null,
  };
}

async function reportVertex({ log }: ReportPorts, vertex: PlanVertex, run: string): Promise<VertexReport> {
  const heads = await mapConcurrently(subtasksOfVertex(vertex, run), (subtask) => findHead(log, subtask));
  const items = heads.flatMap(({ item }) => (item === undefined ? [] : [item]));
  const { id, parallelism, maxParallelism, operators } = vertex;
  return {
    ...{ id, parallelism, maxParallelism, operators: operators.map((operator) => operator.id) },
    versions: items.reduce((sum, { version }) => sum + version, 0),
    committedAt: items.length === 0 ? null : Math.max(...items.map(({ processingTime }) => processingTime)),
    finished: items.filter(({ seal }) => seal === 'finished').length,
  };
}

/** The checkpoints and savepoints of a run, by their numbers. */
export async function reportCheckpoints(
  { records }: Pick<ReportPorts, 'records'>,
  { run }: RunKey,
): Promise<readonly CheckpointReport[]> {
  const checkpoints = await new JobTables(records).checkpoints(run);
  return checkpoints.map(({ value: { n, purpose, status, createdAt, manifest, discarded } }) => ({
    ...{ run, n, purpose, status, createdAt },
    path: discarded ? null : manifest,
  }));
}
