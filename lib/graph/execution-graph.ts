/**
 * ExecutionGraph: the subtasks of a JobGraph, the key groups each owns and the channels between them.
 *
 * A channel is one ordered connection between two subtasks. Watermarks, idleness and the end of input travel
 * on every channel of an edge, whatever its partitioner does with records: a subtask that gets none still
 * follows time.
 */
import { assertNever } from '../core/errors.ts';
import { type KeyGroupRange, keyGroupRange } from '../core/key-groups.ts';
import type { JobEdge, JobGraph, JobVertex } from './job-graph.ts';
import type { PartitionerKind } from './partitioner.ts';

export interface ExecutionChannel {
  /** Unique in the graph: the edge's id and the two subtask indexes. */
  readonly id: string;
  readonly edgeId: string;
  readonly sourceVertexId: string;
  /** 0-based index of the upstream subtask. */
  readonly sourceSubtask: number;
  readonly targetVertexId: string;
  /** 0-based index of the downstream subtask. */
  readonly targetSubtask: number;
  readonly inputIndex: 0 | 1;
  /** False if no record ever travels here, only time and the end of input (`global`, beyond subtask 0). */
  readonly carriesRecords: boolean;
}

/** The channels of one edge at one subtask: of an input ordered by source subtask, of an output by target. */
export interface ChannelGroup {
  readonly edge: JobEdge;
  readonly channels: readonly ExecutionChannel[];
}

export interface Subtask {
  /** For people and logs, for example `counts (1/4)`. */
  readonly id: string;
  readonly vertexId: string;
  /** 0-based. */
  readonly index: number;
  /** Key groups whose state this subtask owns, inclusive. */
  readonly keyGroups: KeyGroupRange;
  /** One group per edge into the vertex, in the order of `JobVertex.inputs`. */
  readonly inputs: readonly ChannelGroup[];
  /** One group per edge out of the vertex, in the order of `JobVertex.outputs`. */
  readonly outputs: readonly ChannelGroup[];
}

export interface ExecutionVertex {
  readonly vertex: JobVertex;
  readonly subtasks: readonly Subtask[];
}

export interface ExecutionGraph {
  readonly jobName: string;
  /** In topological order. */
  readonly vertices: readonly ExecutionVertex[];
  readonly channels: readonly ExecutionChannel[];
}

interface Parallelisms {
  readonly source: number;
  readonly target: number;
}

/** Expands each vertex into its subtasks and each edge into its channels. */
export function createExecutionGraph(jobGraph: JobGraph): ExecutionGraph {
  const parallelisms = new Map(jobGraph.vertices.map((vertex) => [vertex.id, vertex.parallelism]));
  const bySource = new Map<string, ExecutionChannel[]>();
  const byTarget = new Map<string, ExecutionChannel[]>();
  const channels: ExecutionChannel[] = [];
  for (const edge of jobGraph.edges) {
    const source = parallelisms.get(edge.sourceVertexId) ?? 0;
    const target = parallelisms.get(edge.targetVertexId) ?? 0;
    for (const channel of channelsOf(edge, { source, target })) {
      channels.push(channel);
      append(bySource, `${edge.id}:${channel.sourceSubtask}`, channel);
      append(byTarget, `${edge.id}:${channel.targetSubtask}`, channel);
    }
  }
  const groups = (edges: readonly JobEdge[], side: ReadonlyMap<string, ExecutionChannel[]>, index: number) =>
    Object.freeze(
      edges.map((edge) =>
        Object.freeze({ edge, channels: Object.freeze(side.get(`${edge.id}:${index}`) ?? []) }),
      ),
    );
  const vertices = jobGraph.vertices.map((vertex) => {
    const subtasks = Array.from({ length: vertex.parallelism }, (_, index) =>
      Object.freeze({
        id: `${vertex.id} (${index + 1}/${vertex.parallelism})`,
        vertexId: vertex.id,
        index,
        keyGroups: Object.freeze(keyGroupRange(vertex.maxParallelism, vertex.parallelism, index)),
        inputs: groups(vertex.inputs, byTarget, index),
        outputs: groups(vertex.outputs, bySource, index),
      }),
    );
    return Object.freeze({ vertex, subtasks: Object.freeze(subtasks) });
  });
  return Object.freeze({
    jobName: jobGraph.jobName,
    vertices: Object.freeze(vertices),
    channels: Object.freeze(channels),
  });
}

/** Ordered by source and then by target, so that both kinds of group come out ordered. */
function channelsOf(edge: JobEdge, parallelisms: Parallelisms): readonly ExecutionChannel[] {
  const { kind } = edge.partitioner;
  return Array.from({ length: parallelisms.source }, (_, sourceSubtask) =>
    targetsOf(kind, sourceSubtask, parallelisms).map((targetSubtask) =>
      Object.freeze({
        id: `${edge.id}:${sourceSubtask}-${targetSubtask}`,
        edgeId: edge.id,
        sourceVertexId: edge.sourceVertexId,
        sourceSubtask,
        targetVertexId: edge.targetVertexId,
        targetSubtask,
        inputIndex: edge.inputIndex,
        carriesRecords: kind !== 'global' || targetSubtask === 0,
      }),
    ),
  ).flat();
}

/** Indexes of the downstream subtasks to which upstream subtask `source` is connected. */
function targetsOf(kind: PartitionerKind, source: number, parallelisms: Parallelisms): readonly number[] {
  switch (kind) {
    case 'forward':
      return [source];
    case 'rescale':
      return pointwiseTargets(source, parallelisms);
    case 'hash':
    case 'rebalance':
    case 'shuffle':
    case 'custom':
    case 'broadcast':
    case 'global':
      return range(0, parallelisms.target);
    default:
      return assertNever(kind);
  }
}

/** Source: Flink's VertexInputInfoComputationUtils.computeVertexInputInfoForPointwise. */
function pointwiseTargets(source: number, parallelisms: Parallelisms): readonly number[] {
  const { source: sources, target: targets } = parallelisms;
  if (sources < targets) {
    return range(Math.ceil((source * targets) / sources), Math.ceil(((source + 1) * targets) / sources));
  }
  // Target t reads the sources [t·s/q, (t+1)·s/q): the one whose range holds `source`.
  const target = Math.ceil(((source + 1) * targets) / sources) - 1;
  return [target];
}

function range(start: number, end: number): readonly number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}

function append<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
