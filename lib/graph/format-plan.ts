import { createExecutionGraph } from './execution-graph.ts';
import { createJobGraph } from './job-graph.ts';
import { type PlanFormat, type PlanView, renderPlan } from './plan-view.ts';
import { viewOfExecutionGraph } from './print-execution-graph.ts';
import { viewOfJobGraph } from './print-job-graph.ts';
import { viewOfStreamGraph } from './print-stream-graph.ts';
import type { StreamGraph } from './stream-graph.ts';
import { validateStreamGraph } from './validate.ts';

export const PLAN_LEVELS = ['stream', 'job', 'execution'] as const;
export const PLAN_FORMATS = ['text', 'json', 'mermaid'] as const satisfies readonly PlanFormat[];

/** Which of the graphs a plan shows. */
export type PlanLevel = (typeof PLAN_LEVELS)[number];

/**
 * The plan of a job as text for people, JSON of plain data, or a mermaid flowchart; without a final newline.
 *
 * Throws UserError if the graph cannot run (validateStreamGraph).
 */
export function formatPlan(
  graph: StreamGraph,
  options: { readonly level: PlanLevel; readonly format: PlanFormat },
): string {
  validateStreamGraph(graph);
  return renderPlan(viewOf(graph, options.level), options.format);
}

function viewOf(graph: StreamGraph, level: PlanLevel): PlanView {
  const view = viewOfLevel(graph, level);
  return graph.stateBackend === 'heap' ? view : { ...view, title: `${view.title}, state in a table` };
}

function viewOfLevel(graph: StreamGraph, level: PlanLevel): PlanView {
  switch (level) {
    case 'stream':
      return viewOfStreamGraph(graph);
    case 'job':
      return viewOfJobGraph(createJobGraph(graph));
    case 'execution':
      return viewOfExecutionGraph(createExecutionGraph(createJobGraph(graph)));
  }
}
