import { formatPlan, type PlanLevel } from '../graph/format-plan.ts';
import type { PlanFormat } from '../graph/plan-view.ts';
import type { StateBackend } from '../graph/stream-graph.ts';
import type { CommandContext } from './command-context.ts';
import { graphsOf } from './job-graphs.ts';
import { loadJob } from './load-job.ts';

export interface PlanOptions {
  readonly level: PlanLevel;
  readonly format: PlanFormat;
  readonly parallelism?: number | undefined;
  readonly stateBackend?: StateBackend | undefined;
}

/** `millrace plan`: checks a job and prints one of its graphs. Returns the exit code. */
export async function planCommand(
  path: string,
  { options, context }: { readonly options: PlanOptions; readonly context: CommandContext },
): Promise<number> {
  const job = await loadJob(path, context);
  const graphOf = graphsOf(job, {
    parallelism: options.parallelism,
    stateBackend: options.stateBackend,
    context,
  });
  context.print(`${formatPlan(graphOf(0), options)}\n`);
  return 0;
}
