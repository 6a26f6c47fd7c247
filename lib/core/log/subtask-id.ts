/** Who writes a log: one subtask of one vertex in one run of a job. */

export interface SubtaskId {
  /** Id of the run: new for every restore, rescale or upgrade. */
  readonly run: string;
  /** Id of the vertex of the job graph. */
  readonly vertex: string;
  /** Index from 0. */
  readonly subtask: number;
}

/** `run/vertex/subtask`: the one form in which stores and names use a subtask. */
export function subtaskPath({ run, vertex, subtask }: SubtaskId): string {
  return `${run}/${vertex}/${subtask}`;
}
