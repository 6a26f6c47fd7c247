import type { JobDefinition } from '../api/define-job.ts';
import { isStreamError, messageOf, UserError } from '../core/errors.ts';
import type { StateBackend, StreamGraph } from '../graph/stream-graph.ts';
import type { CommandContext } from './command-context.ts';
import { firstUserPlace, shownPlace } from './source-place.ts';

export interface JobGraphsOptions {
  readonly parallelism: number | undefined;
  readonly stateBackend: StateBackend | undefined;
  readonly context: CommandContext;
}

/**
 * The graphs of a job for its subtasks; that of subtask 0 is the plan. Settings are for jobs that have none
 * of their own.
 *
 * The function throws UserError GRAPH_INVALID, with the line, for whatever the job's build function throws.
 */
export function graphsOf(
  job: JobDefinition,
  { parallelism, stateBackend, context }: JobGraphsOptions,
): (subtask: number) => StreamGraph {
  const graphOf = job.subtaskGraphs({ parallelism, stateBackend });
  return (subtask) => {
    try {
      return graphOf(subtask);
    } catch (error) {
      if (isStreamError(error)) throw error;
      const place = error instanceof Error ? firstUserPlace(error, context.copy.isOwnFile) : undefined;
      const location = place === undefined ? undefined : shownPlace(place, context.cwd);
      const where = location === undefined ? '' : ` at ${location}`;
      const name = error instanceof Error ? `${error.name}: ` : '';
      throw new UserError(
        'GRAPH_INVALID',
        `Building job '${job.name}' threw ${name}${messageOf(error)}${where}.`,
        { cause: error, context: { jobName: job.name, ...(location === undefined ? {} : { location }) } },
      );
    }
  };
}
