/**
 * Fusion: which edges of a JobGraph need no channel because both sides run on one thread.
 *
 * An edge between two vertices of parallelism 1 has one delivery path, so a plain call keeps its order, also
 * across keyBy. Vertices joined by such calls form one task. A task must never wait for itself: two vertices
 * with another task between them stay apart, because a task that feeds that one and reads from it through
 * bounded channels could block for ever.
 */
import { InvariantError } from '../core/errors.ts';
import type { JobEdge, JobGraph, JobVertex } from './job-graph.ts';

/** Vertices that run as one; their subtasks exist once per parallel instance. */
export interface FusedTask {
  /** The id of the first vertex. */
  readonly id: string;
  readonly parallelism: number;
  /** In topological order. More than one only at parallelism 1. */
  readonly vertices: readonly JobVertex[];
}

/** A JobGraph cut into tasks. Between tasks the edges are channels, inside them plain calls. */
export interface FusedPlan {
  readonly jobGraph: JobGraph;
  /** In topological order: an edge that is not fused leads from one task to a later one. */
  readonly tasks: readonly FusedTask[];
  /** Ids of the edges inside tasks. */
  readonly fusedEdges: ReadonlySet<string>;
}

/** Plan for subtasks that share one thread. */
export function fuseForSingleThread(jobGraph: JobGraph): FusedPlan {
  const groups = new Map<string, string>(jobGraph.vertices.map((vertex) => [vertex.id, vertex.id]));
  const parallelisms = new Map(jobGraph.vertices.map((vertex) => [vertex.id, vertex.parallelism]));
  const isSingle = (vertexId: string) => parallelisms.get(vertexId) === 1;
  for (const edge of jobGraph.edges) {
    if (!isSingle(edge.sourceVertexId) || !isSingle(edge.targetVertexId)) continue;
    const from = groups.get(edge.sourceVertexId);
    const to = groups.get(edge.targetVertexId);
    if (from === to || hasDetour(jobGraph.edges, groups, edge)) continue;
    for (const [vertexId, group] of groups)
      if (group === to && from !== undefined) groups.set(vertexId, from);
  }
  const isFused = (edge: JobEdge) => groups.get(edge.sourceVertexId) === groups.get(edge.targetVertexId);
  return Object.freeze({
    jobGraph,
    tasks: tasksOf(jobGraph, groups),
    fusedEdges: new Set(jobGraph.edges.filter(isFused).map((edge) => edge.id)),
  });
}

/** True if a path leads from the edge's source group to its target group through a third one. */
function hasDetour(edges: readonly JobEdge[], groups: ReadonlyMap<string, string>, edge: JobEdge): boolean {
  const from = groups.get(edge.sourceVertexId);
  const to = groups.get(edge.targetVertexId);
  const reached = new Set<string | undefined>([from]);
  const waiting = [from];
  for (let group = waiting.pop(); group !== undefined; group = waiting.pop()) {
    for (const next of edges) {
      if (groups.get(next.sourceVertexId) !== group) continue;
      const target = groups.get(next.targetVertexId);
      if (target === to && group !== from) return true;
      if (target === to || reached.has(target)) continue;
      reached.add(target);
      waiting.push(target);
    }
  }
  return false;
}

function tasksOf(jobGraph: JobGraph, groups: ReadonlyMap<string, string>): readonly FusedTask[] {
  const members = Map.groupBy(jobGraph.vertices, (vertex) => groups.get(vertex.id));
  const tasks: FusedTask[] = [];
  const placed = new Set<string | undefined>();
  const isReady = (vertices: readonly JobVertex[], group: string | undefined) =>
    vertices.every((vertex) =>
      vertex.inputs.every((edge) => {
        const source = groups.get(edge.sourceVertexId);
        return source === group || placed.has(source);
      }),
    );
  while (placed.size < members.size) {
    const next = [...members].find(([group, vertices]) => !placed.has(group) && isReady(vertices, group));
    const first = next?.[1][0];
    if (next === undefined || first === undefined) {
      throw new InvariantError('INVARIANT', `The tasks of job '${jobGraph.jobName}' wait for each other.`);
    }
    placed.add(next[0]);
    const vertices = Object.freeze(next[1]);
    tasks.push(Object.freeze({ id: first.id, parallelism: first.parallelism, vertices }));
  }
  return Object.freeze(tasks);
}
