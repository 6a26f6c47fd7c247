/**
 * Structure: a StreamGraph as plain data without functions, equal for two builds of the same job.
 *
 * It leaves out the lines of user code, so that moving a job within its file changes nothing. `undefined`
 * becomes null, so that the structure survives JSON.
 */
import { InvariantError } from '../core/errors.ts';
import { detailsOf, type OperatorDetails } from './operator-details.ts';
import type { ErrorPolicy, OperatorKind } from './operator-spec.ts';
import { type PartitionerKind, resolvePartitioner } from './partitioner.ts';
import type { ChainingStrategy, StateBackend, StreamGraph, StreamNode } from './stream-graph.ts';

export interface EdgeStructure {
  readonly sourceId: number;
  readonly inputIndex: 0 | 1;
  readonly partitioner: PartitionerKind;
  readonly sideOutputId: string | null;
}

export interface NodeStructure {
  readonly id: number;
  readonly kind: OperatorKind;
  readonly name: string;
  readonly uid: string | null;
  readonly parallelism: number;
  readonly maxParallelism: number | null;
  readonly chaining: ChainingStrategy;
  readonly onError: ErrorPolicy | null;
  readonly details: OperatorDetails;
  readonly inputs: readonly EdgeStructure[];
}

export interface GraphStructure {
  readonly jobName: string;
  readonly parallelism: number;
  readonly maxParallelism: number | null;
  readonly chainingEnabled: boolean;
  readonly onError: ErrorPolicy;
  readonly stateBackend: StateBackend;
  readonly nodes: readonly NodeStructure[];
}

/** The graph's structure; its properties are always in this order, so its JSON can be compared and hashed. */
export function structureOf(graph: StreamGraph): GraphStructure {
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  return {
    jobName: graph.jobName,
    parallelism: graph.parallelism,
    maxParallelism: graph.maxParallelism ?? null,
    chainingEnabled: graph.chainingEnabled,
    onError: graph.onError,
    stateBackend: graph.stateBackend,
    nodes: graph.nodes.map((node) => nodeStructure(node, byId)),
  };
}

/** A sentence on the first difference of two builds, or undefined if they are equal. */
export function structureDifference(a: GraphStructure, b: GraphStructure): string | undefined {
  const before = { ...a, nodes: a.nodes.length };
  const after = { ...b, nodes: b.nodes.length };
  for (let id = 0; id < Math.min(a.nodes.length, b.nodes.length); id++) {
    const difference = fieldDifference(a.nodes[id]!, b.nodes[id]!);
    if (difference !== undefined) return `operator ${id} '${a.nodes[id]!.name}': ${difference}`;
  }
  const difference = fieldDifference(before, after);
  return difference === undefined ? undefined : `job: ${difference}`;
}

function fieldDifference(a: object, b: object): string | undefined {
  const other = new Map<string, unknown>(Object.entries(b));
  for (const [field, value] of Object.entries(a)) {
    const [left, right] = [JSON.stringify(value), JSON.stringify(other.get(field))];
    if (left !== right) return `${field} is ${left} in one build and ${right} in the other`;
  }
  return undefined;
}

function nodeStructure(node: StreamNode, byId: ReadonlyMap<number, StreamNode>): NodeStructure {
  return {
    id: node.id,
    kind: node.spec.kind,
    name: node.name,
    uid: node.uid ?? null,
    parallelism: node.parallelism,
    maxParallelism: node.maxParallelism ?? null,
    chaining: node.chaining,
    onError: node.onError ?? null,
    details: detailsOf(node.spec),
    inputs: node.inputs.map((edge) => {
      const source = byId.get(edge.sourceId);
      if (source === undefined) {
        throw new InvariantError(
          'INVARIANT',
          `Operator '${node.name}' reads operator ${edge.sourceId}, which does not exist.`,
        );
      }
      return {
        sourceId: edge.sourceId,
        inputIndex: edge.inputIndex,
        partitioner: resolvePartitioner(edge, { source, target: node }).kind,
        sideOutputId: edge.sideOutputId ?? null,
      };
    }),
  };
}
