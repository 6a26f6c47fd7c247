/** The whole state of a job, as a savepoint holds it. */
import type { StateImage } from '../protocol/state-image.ts';
import type { SavepointOperator } from './savepoint-manifest.ts';

export interface VertexImage {
  readonly id: string;
  readonly maxParallelism: number;
  readonly operators: readonly SavepointOperator[];
  /** State of each subtask, by index. */
  readonly images: readonly StateImage[];
}

export interface JobImage {
  readonly job: string;
  readonly vertices: readonly VertexImage[];
}
