/** What a coordinator needs to know of a job: plain JSON data, kept in the record of every run. */
import { assertNever, InvariantError } from '../core/errors.ts';
import type { SubtaskId } from '../core/log/subtask-id.ts';
import type { ExecutionGraph } from '../graph/execution-graph.ts';
import { type JobVertex, nodesOf } from '../graph/job-graph.ts';
import { traitsOf } from '../graph/operator-traits.ts';
import type { PartitionerKind } from '../graph/partitioner.ts';
import type { StreamNode } from '../graph/stream-graph.ts';

export interface PlanOperator {
  /** Named as in OperatorDelta. */
  readonly id: string;
  /** Its state belongs to keys. */
  readonly keyed: boolean;
}

export interface PlanVertex {
  readonly id: string;
  readonly parallelism: number;
  readonly maxParallelism: number;
  /** It reads external shards. */
  readonly source: boolean;
  /** What names the origin of its shards, where it is known: positions in one mean nothing in another. */
  readonly reads?: string;
  readonly operators: readonly PlanOperator[];
}

/**
 * Where a record of an edge may be taken over after a rescale: by the owner of its key group, by every
 * subtask, by subtask 0, or by any one.
 */
export type PlanRouting = 'key-group' | 'broadcast' | 'first' | 'any';

export interface PlanEdge {
  readonly id: string;
  readonly sourceVertex: string;
  readonly targetVertex: string;
  readonly sourceOperator: string;
  readonly targetOperator: string;
  readonly inputIndex: number;
  readonly routing: PlanRouting;
}

export interface RunPlan {
  /** In topological order. */
  readonly vertices: readonly PlanVertex[];
  readonly edges: readonly PlanEdge[];
}

/** The plan of the job that `graph` expands. */
export function createRunPlan(graph: ExecutionGraph): RunPlan {
  const vertices = graph.vertices.map(({ vertex }) => vertex);
  const nodes = new Map(vertices.flatMap((vertex) => nodesOf(vertex).map((node) => [node.id, node])));
  const edges = vertices.flatMap((vertex) => vertex.outputs);
  return {
    vertices: vertices.map(planVertex),
    edges: edges.map((edge) => ({
      id: edge.id,
      sourceVertex: edge.sourceVertexId,
      targetVertex: edge.targetVertexId,
      sourceOperator: operatorId(nodes.get(edge.sourceNodeId), edge.id),
      targetOperator: operatorId(nodes.get(edge.targetNodeId), edge.id),
      inputIndex: edge.inputIndex,
      routing: routingOf(edge.partitioner.kind),
    })),
  };
}

/** All subtasks of a run, vertices in topological order. */
export function subtasksOf(plan: RunPlan, run: string): readonly SubtaskId[] {
  return plan.vertices.flatMap((vertex) => subtasksOfVertex(vertex, run));
}

export function subtasksOfVertex(vertex: PlanVertex, run: string): readonly SubtaskId[] {
  return Array.from({ length: vertex.parallelism }, (_, subtask) => ({ run, vertex: vertex.id, subtask }));
}

/** `vertex/subtask`: how the subtasks of one run name each other. */
export function subtaskName({ vertex, subtask }: SubtaskId): string {
  return `${vertex}/${subtask}`;
}

function planVertex(vertex: JobVertex): PlanVertex {
  return {
    id: vertex.id,
    parallelism: vertex.parallelism,
    maxParallelism: vertex.maxParallelism,
    source: vertex.inputs.length === 0,
    operators: nodesOf(vertex).map((node) => ({
      id: operatorId(node, vertex.id),
      keyed: traitsOf(node.spec).keyed,
    })),
  };
}

function operatorId(node: StreamNode | undefined, where: string): string {
  if (node !== undefined) return node.uid ?? `#${node.id}`;
  throw new InvariantError('INVARIANT', `An end of ${where} is no operator of the graph.`);
}

function routingOf(kind: PartitionerKind): PlanRouting {
  switch (kind) {
    case 'hash':
      return 'key-group';
    case 'broadcast':
      return 'broadcast';
    case 'global':
      return 'first';
    case 'forward':
    case 'rebalance':
    case 'rescale':
    case 'shuffle':
    case 'custom':
      return 'any';
    default:
      return assertNever(kind);
  }
}
