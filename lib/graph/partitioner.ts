import type { EdgePartitioner } from './operator-spec.ts';
import type { StreamEdge, StreamNode } from './stream-graph.ts';

/** A partitioner with nothing left open. */
export type ResolvedPartitioner = Exclude<EdgePartitioner, { readonly kind: 'auto' }>;

/** Kinds of partitioners that an edge of a JobGraph can have. */
export type PartitionerKind = ResolvedPartitioner['kind'];

const FORWARD: ResolvedPartitioner = Object.freeze({ kind: 'forward' });
const REBALANCE: ResolvedPartitioner = Object.freeze({ kind: 'rebalance' });

/** The partitioner of an edge: what the user chose, else Flink's rule of forward between equals. */
export function resolvePartitioner(
  edge: StreamEdge,
  ends: { readonly source: StreamNode; readonly target: StreamNode },
): ResolvedPartitioner {
  if (edge.partitioner.kind !== 'auto') return edge.partitioner;
  return ends.source.parallelism === ends.target.parallelism ? FORWARD : REBALANCE;
}
