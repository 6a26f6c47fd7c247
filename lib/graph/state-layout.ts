/** Which operators keep their state in which subtasks. */
import { type JobGraph, nodesOf } from './job-graph.ts';
import type { StreamNode } from './stream-graph.ts';

/** A vertex of the job graph, as state is filed under it. Plain JSON data. */
export interface VertexLayout {
  readonly id: string;
  readonly parallelism: number;
  readonly maxParallelism: number;
  readonly operators: readonly OperatorLayout[];
}

export interface OperatorLayout {
  /** As in OperatorDelta. */
  readonly id: string;
  readonly kind: string;
  readonly name: string;
}

/** How deltas name the operator of `node`. */
export function stateIdOf(node: StreamNode): string {
  return node.uid ?? `#${node.id}`;
}

/** Its properties are always in this order, so that its JSON can be compared. */
export function layoutOf(jobGraph: JobGraph): readonly VertexLayout[] {
  return jobGraph.vertices.map((vertex) => ({
    id: vertex.id,
    parallelism: vertex.parallelism,
    maxParallelism: vertex.maxParallelism,
    operators: nodesOf(vertex).map((node) => ({
      id: stateIdOf(node),
      kind: node.spec.kind,
      name: node.name,
    })),
  }));
}
