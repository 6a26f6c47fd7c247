/** What a state directory records of its job beside the logs. Plain JSON data, changed with the commits. */

import type { VertexLayout } from '../graph/state-layout.ts';
import type { GraphStructure } from '../graph/structure.ts';
import type { CounterValue } from '../runtime/metrics.ts';

/** The run whose logs hold the state. */
export interface RunRecord {
  readonly run: string;
  /** As in CommittableId: later than that of any run before, also of a state that was removed. */
  readonly lineage: number;
  /** Runs whose logs may still be there. */
  readonly formerRuns: readonly string[];
  readonly structure: GraphStructure;
  readonly layout: readonly VertexLayout[];
}

/** How far the job has come: true of the last commit. */
export interface ProgressRecord {
  /** Version of the last item of every log. */
  readonly version: number;
  /** Unit: ms since the epoch. */
  readonly committedAt: number;
  /** The job has read all its input and published all its output. */
  readonly finished: boolean;
  /** How often the job has gone on from a commit. */
  readonly restarts: number;
  /** Unit: ms. */
  readonly durationMs: number;
  readonly counters: readonly CounterValue[];
  readonly deadLetters: DeadLetterPosition;
}

/** How far the file of dead letters belongs to a commit. */
export interface DeadLetterPosition {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  readonly count: number;
}

export const RUN_KEY = 'run';
export const PROGRESS_KEY = 'progress';
