/** What a job is given to do, and what every subtask does for it: quantities of a month, before prices. */
import type { JobGraph, JobVertex } from '../graph/job-graph.ts';
import { nodesOf } from '../graph/job-graph.ts';
import { traitsOf } from '../graph/operator-traits.ts';

export interface Workload {
  /** Records a second that all sources read together while there is data. */
  readonly rate: number;
  /** Of a record as a source reads it. */
  readonly bytes: number;
  /** Share of the time without data, 0 to 1. */
  readonly idle: number;
  /** How long records are gathered before an invocation. Unit: s. */
  readonly batchWindow: number;
  /** Of a function. */
  readonly memoryGb: number;
}

/** Assumptions of the model; docs/cost.md says where they come from. */
export const MODEL = {
  monthHours: 730,
  /** Records that an invocation gets at most. */
  batchRecordsMax: 1000,
  /** Bytes that an invocation gets at most: 6 MB of JSON with the records in Base64. */
  batchBytesMax: 4_500_000,
  /** Share of a record's bytes that is left in a frame and in a log entry. */
  frameShare: 0.4,
  /** Of a commit besides its payload. */
  commitBytes: 300,
  /** State that a record of a keyed vertex changes, up to `stateBytesMax` a batch: keys repeat. */
  stateBytes: 200,
  stateBytesMax: 8192,
  /** Larger payloads are objects. */
  inlineBytesMax: 12 << 10,
  /** Write units of an item whose payload is an object. */
  spilledWriteUnits: 2,
  /** An invocation: its own time and that of each record. Unit: s. */
  invocationSeconds: 0.04,
  recordSeconds: 0.000_02,
  putUnitBytes: 25_000,
  shardBytesPerSecond: 1_000_000,
  shardRecordsPerSecond: 1000,
  logBytes: 1000,
  /** How long the object of a payload stays. Unit: s. */
  objectSeconds: 48 * 3600,
  sweepsPerHour: 60,
  sweepSeconds: 0.05,
  checkpointsPerHour: 6,
  checkpointTransitions: 8,
  skippedTransitions: 3,
  /** Alarms besides one for each vertex that reads a stream. */
  jobAlarms: 4,
} as const;

/** What one vertex does in a second in which there is data. */
export interface VertexLoad {
  readonly id: string;
  readonly parallelism: number;
  readonly source: boolean;
  readonly keyed: boolean;
  readonly recordsPerSecond: number;
  /** Invocations of all subtasks; each commits once. */
  readonly batchesPerSecond: number;
  readonly recordsPerBatch: number;
  /** Of one commit: state, and frames for all targets. */
  readonly commitBytes: number;
  /** The payload of a commit is an object. */
  readonly spills: boolean;
  /** PUT payload units of one batch's frames. */
  readonly putUnitsPerBatch: number;
}

/**
 * The load of every vertex, in topological order. An operator is taken to hand on each record that it gets,
 * to every vertex behind it: what it filters or sums up makes the bill smaller.
 */
export function loadsOf(graph: JobGraph, workload: Workload): readonly VertexLoad[] {
  const sources = graph.vertices.filter(({ inputs }) => inputs.length === 0).length;
  const rates = new Map<string, number>();
  return graph.vertices.map((vertex) => {
    const source = vertex.inputs.length === 0;
    const upstream = vertex.inputs.reduce((sum, edge) => sum + (rates.get(edge.sourceVertexId) ?? 0), 0);
    const rate = source ? workload.rate / sources : upstream;
    rates.set(vertex.id, rate);
    return loadOf(vertex, { rate, source, workload, parallelisms: parallelismsOf(graph) });
  });
}

function loadOf(
  vertex: JobVertex,
  {
    rate,
    source,
    workload,
    parallelisms,
  }: {
    readonly rate: number;
    readonly source: boolean;
    readonly workload: Workload;
    readonly parallelisms: ReadonlyMap<string, number>;
  },
): VertexLoad {
  const { id, parallelism } = vertex;
  const { bytes, batchWindow } = workload;
  const share = rate / parallelism;
  const recordBytes = source ? bytes : bytes * MODEL.frameShare;
  const full = Math.max(
    source ? share / MODEL.batchRecordsMax : 0,
    (share * recordBytes) / MODEL.batchBytesMax,
  );
  const perSubtask = Math.min(share, Math.max(1 / Math.max(batchWindow, 0.001), full));
  const batchesPerSecond = perSubtask * parallelism;
  const recordsPerBatch = batchesPerSecond === 0 ? 0 : rate / batchesPerSecond;
  const keyed = nodesOf(vertex).some((node) => traitsOf(node.spec).keyed);
  const frameBytes = recordsPerBatch * bytes * MODEL.frameShare;
  const payload = frameBytes * vertex.outputs.length + (keyed ? stateBytes(recordsPerBatch) : 0);
  return {
    ...{ id, parallelism, source, keyed, recordsPerSecond: rate, batchesPerSecond, recordsPerBatch },
    commitBytes: keyed && vertex.outputs.length === 0 ? payload : payload + MODEL.commitBytes,
    spills: payload > MODEL.inlineBytesMax,
    putUnitsPerBatch: vertex.outputs.reduce((sum, { targetVertexId }) => {
      const targets = Math.min(parallelisms.get(targetVertexId) ?? 1, Math.ceil(recordsPerBatch));
      return sum + targets * Math.ceil(frameBytes / Math.max(1, targets) / MODEL.putUnitBytes);
    }, 0),
  };
}

function stateBytes(records: number): number {
  return Math.min(MODEL.stateBytesMax, MODEL.commitBytes + records * MODEL.stateBytes);
}

function parallelismsOf({ vertices }: JobGraph): ReadonlyMap<string, number> {
  return new Map(vertices.map(({ id, parallelism }) => [id, parallelism]));
}
