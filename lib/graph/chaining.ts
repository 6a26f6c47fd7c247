import { resolvePartitioner } from './partitioner.ts';
import type { StreamEdge, StreamNode } from './stream-graph.ts';

/**
 * True if the edge becomes a plain call inside one vertex.
 *
 * The target has this one input, the edge is a forward one, both sides have one parallelism, the source may
 * have something behind it and the target may stand behind something. Different max parallelism is no
 * obstacle.
 *
 * Source Flink's StreamingJobGraphGenerator.isChainable; slot sharing and exchange modes do not exist here.
 */
export function isChainable(
  connection: { readonly source: StreamNode; readonly target: StreamNode; readonly edge: StreamEdge },
  chainingEnabled: boolean,
): boolean {
  const { source, target, edge } = connection;
  return (
    chainingEnabled &&
    target.inputs.length === 1 &&
    resolvePartitioner(edge, connection).kind === 'forward' &&
    source.parallelism === target.parallelism &&
    source.chaining !== 'never' &&
    target.chaining === 'always'
  );
}
