import { UserError } from '../core/errors.ts';
import type { ExecuteOptions, JobResult } from '../graph/job-execution.ts';
import type { StreamGraph } from '../graph/stream-graph.ts';
import { FunctionOwners } from './function-sharing.ts';
import type { GraphBuilder } from './graph-builder.ts';

/** How a run differs from the default. */
export type RunOptions = Omit<ExecuteOptions, 'graphOf'>;

/**
 * Runs the one graph of an environment: every subtask gets the same function objects, so objects with state
 * are refused at parallelism > 1.
 *
 * Throws UserError GRAPH_INVALID inside defineJob, FUNCTION_SHARED, or the error that ended the job.
 */
export async function runJob(
  builder: GraphBuilder,
  { jobName, options }: { readonly jobName: string; readonly options: RunOptions },
): Promise<JobResult> {
  if (builder.definedJob !== undefined) {
    throw new UserError(
      'GRAPH_INVALID',
      `Job '${builder.definedJob}' executes itself while it is being built; defineJob() only describes it, ` +
        '`millrace run` executes it.',
    );
  }
  const graph = builder.toStreamGraph(jobName);
  const owners = new FunctionOwners();
  const subtasks = Math.max(1, ...graph.nodes.map((node) => node.parallelism));
  for (let subtask = 0; subtask < subtasks; subtask++) owners.claim(graph, subtask);
  return runGraphs(() => graph, options);
}

/** Runs a job whose subtasks have graphs of their own. Rejects with the StreamError that ended it. */
export async function runGraphs(
  graphOf: (subtask: number) => StreamGraph,
  options: RunOptions,
): Promise<JobResult> {
  // Loaded here, so that a job can be described, planned and deployed without an engine.
  const { executeGraph } = await import('../local/executor.ts');
  return executeGraph({ ...options, graphOf });
}
