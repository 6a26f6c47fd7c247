/**
 * JobGraph: the operators of a StreamGraph chained into vertices, by Flink's rules (chaining.ts).
 *
 * A vertex is what one subtask runs. Its operators form a tree of plain calls that begins at the head;
 * records from other vertices always arrive at the head. The operators of a vertex are grouped into stages: a
 * keyed operator starts one, and what is chained behind it belongs to it.
 */
import { InvariantError } from '../core/errors.ts';
import { defaultMaxParallelism } from '../core/key-groups.ts';
import { isChainable } from './chaining.ts';
import type { ErrorPolicy } from './operator-spec.ts';
import { traitsOf } from './operator-traits.ts';
import { type ResolvedPartitioner, resolvePartitioner } from './partitioner.ts';
import type { StreamEdge, StreamGraph, StreamNode } from './stream-graph.ts';

/** Operators that run together between two accesses to keyed state; in topological order. */
export interface Stage {
  /** The first is the vertex's head or a keyed operator. */
  readonly nodes: readonly StreamNode[];
}

/** A plain call between two operators of a vertex; a chained operator has this one input only. */
export interface ChainedEdge {
  readonly sourceNodeId: number;
  readonly targetNodeId: number;
  /** Undefined for the main output. */
  readonly sideOutputId: string | undefined;
}

/** A connection between two vertices. */
export interface JobEdge {
  /** Unique in the graph; stable as long as the job builds the same graph. */
  readonly id: string;
  readonly sourceVertexId: string;
  readonly sourceNodeId: number;
  readonly targetVertexId: string;
  /** Always the head of the target vertex. */
  readonly targetNodeId: number;
  readonly inputIndex: 0 | 1;
  readonly partitioner: ResolvedPartitioner;
  /** Undefined for the main output. */
  readonly sideOutputId: string | undefined;
}

export interface JobVertex {
  /** The uid of the head, or `n` and its node id if it has none. */
  readonly id: string;
  /** Flink's chained name, for example `Source -> (Map -> Sink, Filter)`. */
  readonly name: string;
  readonly parallelism: number;
  /** Number of key groups; that of the head. */
  readonly maxParallelism: number;
  readonly stages: readonly Stage[];
  readonly chainedEdges: readonly ChainedEdge[];
  /** Edges into the head, in the order in which the user connected them. */
  readonly inputs: readonly JobEdge[];
  /** Edges out of any operator of the vertex, in the order of `JobGraph.edges`. */
  readonly outputs: readonly JobEdge[];
}

export interface JobGraph {
  readonly jobName: string;
  readonly onError: ErrorPolicy;
  /** In topological order. */
  readonly vertices: readonly JobVertex[];
  /** In the order of their targets. */
  readonly edges: readonly JobEdge[];
}

interface Connection {
  readonly source: StreamNode;
  readonly target: StreamNode;
  readonly edge: StreamEdge;
}

/** Chains the operators of a valid graph into vertices. Throws InvariantError if an edge has no source. */
export function createJobGraph(graph: StreamGraph): JobGraph {
  const connections = connectionsOf(graph);
  const chained = new Set(connections.filter((connection) => isChainable(connection, graph.chainingEnabled)));
  const chains = chainsOf(graph, chained);
  const vertexIds = vertexIdsOf([...chains.keys()]);
  const headOf = new Map<StreamNode, StreamNode>();
  for (const [head, nodes] of chains) for (const node of nodes) headOf.set(node, head);
  const vertexIdOf = (node: StreamNode) => found(vertexIds.get(found(headOf.get(node), node)), node);

  const edges = connections
    .filter((connection) => !chained.has(connection))
    .map(({ source, target, edge }, index) =>
      Object.freeze({
        id: `e${index}`,
        sourceVertexId: vertexIdOf(source),
        sourceNodeId: source.id,
        targetVertexId: vertexIdOf(target),
        targetNodeId: target.id,
        inputIndex: edge.inputIndex,
        partitioner: resolvePartitioner(edge, { source, target }),
        sideOutputId: edge.sideOutputId,
      }),
    );
  const maxParallelism = jobMaxParallelism(graph);
  const vertices = [...chains].map(([head, nodes]) => {
    const inside = [...chained].filter(({ target }) => headOf.get(target) === head);
    const id = vertexIdOf(head);
    return Object.freeze({
      id,
      name: chainedName(head, inside),
      parallelism: head.parallelism,
      maxParallelism: head.maxParallelism ?? maxParallelism,
      stages: stagesOf(nodes, inside),
      chainedEdges: Object.freeze(inside.map(chainedEdge)),
      inputs: Object.freeze(edges.filter((edge) => edge.targetVertexId === id)),
      outputs: Object.freeze(edges.filter((edge) => edge.sourceVertexId === id)),
    });
  });
  return Object.freeze({
    jobName: graph.jobName,
    onError: graph.onError,
    vertices: Object.freeze(vertices),
    edges: Object.freeze(edges),
  });
}

/** Max parallelism of operators that set none: the job's, else the default for its highest parallelism. */
export function jobMaxParallelism(graph: StreamGraph): number {
  return (
    graph.maxParallelism ?? defaultMaxParallelism(Math.max(1, ...graph.nodes.map((node) => node.parallelism)))
  );
}

/** The operators of a vertex in topological order. */
export function nodesOf(vertex: JobVertex): readonly StreamNode[] {
  return vertex.stages.flatMap((stage) => stage.nodes).sort((a, b) => a.id - b.id);
}

function connectionsOf(graph: StreamGraph): readonly Connection[] {
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  return graph.nodes.flatMap((target) =>
    target.inputs.map((edge) => ({ source: found(byId.get(edge.sourceId), target), target, edge })),
  );
}

/** The operators of each vertex by its head; a node's upstream comes before it. */
function chainsOf(
  graph: StreamGraph,
  chained: ReadonlySet<Connection>,
): ReadonlyMap<StreamNode, StreamNode[]> {
  const upstream = new Map([...chained].map(({ source, target }) => [target, source]));
  const chainOf = new Map<StreamNode, StreamNode[]>();
  const chains = new Map<StreamNode, StreamNode[]>();
  for (const node of graph.nodes) {
    const before = upstream.get(node);
    const chain = before === undefined ? [] : found(chainOf.get(before), node);
    if (before === undefined) chains.set(node, chain);
    chain.push(node);
    chainOf.set(node, chain);
  }
  return chains;
}

function vertexIdsOf(heads: readonly StreamNode[]): ReadonlyMap<StreamNode, string> {
  const taken = new Set(heads.map((head) => head.uid));
  return new Map(
    heads.map((head) => {
      let id = head.uid ?? `n${head.id}`;
      // A user may have chosen the very uid that an operator without one would get.
      while (head.uid === undefined && taken.has(id)) id = `_${id}`;
      return [head, id];
    }),
  );
}

function stagesOf(nodes: readonly StreamNode[], inside: readonly Connection[]): readonly Stage[] {
  const upstream = new Map(inside.map(({ source, target }) => [target, source]));
  const stageOf = new Map<StreamNode, StreamNode[]>();
  const stages: StreamNode[][] = [];
  for (const node of nodes) {
    const before = upstream.get(node);
    const starts = before === undefined || traitsOf(node.spec).keyed;
    const stage = starts ? [] : found(stageOf.get(before), node);
    if (starts) stages.push(stage);
    stage.push(node);
    stageOf.set(node, stage);
  }
  return Object.freeze(stages.map((stage) => Object.freeze({ nodes: Object.freeze(stage) })));
}

function chainedName(node: StreamNode, inside: readonly Connection[]): string {
  const targets = inside
    .filter(({ source }) => source === node)
    .map(({ target }) => chainedName(target, inside));
  if (targets.length === 0) return node.name;
  return targets.length === 1 ? `${node.name} -> ${targets[0]}` : `${node.name} -> (${targets.join(', ')})`;
}

function chainedEdge({ source, target, edge }: Connection): ChainedEdge {
  return Object.freeze({ sourceNodeId: source.id, targetNodeId: target.id, sideOutputId: edge.sideOutputId });
}

function found<T>(value: T | undefined, node: StreamNode): T {
  if (value !== undefined) return value;
  throw new InvariantError(
    'INVARIANT',
    `An edge into operator ${node.id} '${node.name}' starts at an operator that is not listed before it.`,
    { context: { operatorName: node.name, location: node.location } },
  );
}
