/** StreamGraph: what the user wrote, one node per operator, as frozen data. */
import type { EdgePartitioner, ErrorPolicy, OperatorSpec } from './operator-spec.ts';

/** Chaining wishes of one operator. Source: Flink's ChainingStrategy. */
export type ChainingStrategy = 'always' | 'head' | 'never';

export const STATE_BACKENDS = ['heap', 'table'] as const;

/**
 * Where keyed state lives: `heap` keeps all of it in memory, `table` only the keys of the moment, so that it
 * may be larger than memory. Results are the same.
 */
export type StateBackend = (typeof STATE_BACKENDS)[number];

/** An input of an operator. */
export interface StreamEdge {
  readonly sourceId: number;
  /** 0 but for the second input of a two-input operator. */
  readonly inputIndex: 0 | 1;
  readonly partitioner: EdgePartitioner;
  /** Id of the OutputTag whose records travel here; undefined for the main output. */
  readonly sideOutputId: string | undefined;
}

export interface StreamNode {
  /** Dense from 0 in the order of construction, the same at every evaluation of the job module. */
  readonly id: number;
  readonly spec: OperatorSpec;
  readonly name: string;
  readonly uid: string | undefined;
  /** At least 1; validated by the graph. */
  readonly parallelism: number;
  /** Undefined: the job's. */
  readonly maxParallelism: number | undefined;
  readonly chaining: ChainingStrategy;
  /** Undefined: the job's. */
  readonly onError: ErrorPolicy | undefined;
  /** Line of user code that made the operator, `file:line:column`. */
  readonly location: string;
  readonly inputs: readonly StreamEdge[];
}

/** What the user wrote, one node per operator, as frozen data. */
export interface StreamGraph {
  readonly jobName: string;
  readonly parallelism: number;
  /** Undefined: Flink's default, derived from the highest parallelism of the job. */
  readonly maxParallelism: number | undefined;
  readonly chainingEnabled: boolean;
  readonly onError: ErrorPolicy;
  readonly stateBackend: StateBackend;
  /** In topological order: an edge always points from a lower id to a higher one. */
  readonly nodes: readonly StreamNode[];
}
