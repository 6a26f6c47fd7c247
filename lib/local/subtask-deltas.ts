import type { OperatorDelta } from '../core/log/state-delta.ts';

/** State of one subtask of a vertex: what has changed, or all. */
export interface SubtaskDeltas {
  /** Id of the vertex. */
  readonly vertex: string;
  readonly subtask: number;
  readonly deltas: readonly OperatorDelta[];
  /** Earliest processing time at which the subtask has something to do; undefined if never. */
  readonly due: number | undefined;
}
