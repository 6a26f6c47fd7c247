/** Whether all records of one key come to one subtask of an operator. */
import { type ResolvedPartitioner, resolvePartitioner } from '../lib/graph/partitioner.ts';
import type { StreamGraph, StreamNode } from '../lib/graph/stream-graph.ts';

/** What each kind of edge does with the records of one key. */
const KEEPS: Readonly<Record<ResolvedPartitioner['kind'], boolean | 'as the source has them'>> = {
  hash: true,
  custom: true,
  global: true,
  forward: 'as the source has them',
  rebalance: false,
  rescale: false,
  shuffle: false,
  broadcast: false,
};

/**
 * True if the records of one key are all at one subtask of `node`: it has only one, or a partitioning by key
 * leads to it and nothing behind that spreads them again. A function on the way that gives records another
 * key goes unnoticed.
 */
export function hasKeyedInput(graph: StreamGraph, node: StreamNode): boolean {
  if (node.parallelism === 1) return true;
  const kept = node.inputs.map((edge) => {
    const source = graph.nodes.find(({ id }) => id === edge.sourceId);
    if (source === undefined) return false;
    const keeps = KEEPS[resolvePartitioner(edge, { source, target: node }).kind];
    return keeps === 'as the source has them' ? hasKeyedInput(graph, source) : keeps;
  });
  return kept.length > 0 && kept.every(Boolean);
}
