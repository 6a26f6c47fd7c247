import { UserError } from '../core/errors.ts';
import type { JobResult } from '../graph/job-execution.ts';
import type { StreamGraph } from '../graph/stream-graph.ts';
import { structureDifference, structureOf } from '../graph/structure.ts';
import { StreamExecutionEnvironment } from './environment.ts';
import type { Synchronous } from './function-arguments.ts';
import { FunctionOwners } from './function-sharing.ts';
import { GraphBuilder, type JobSettings } from './graph-builder.ts';
import { type RunOptions, runGraphs } from './job-runner.ts';
import { userLocation } from './user-location.ts';

/** Known to every copy of the package, so that the command line recognises a job built with another one. */
const JOB = Symbol.for('millrace.job-definition');

/** A job as a module exports it. Made by `defineJob`; frozen. */
export interface JobDefinition {
  readonly name: string;
  /** Describes the job on an empty environment; called once for each subtask. */
  readonly build: (env: StreamExecutionEnvironment) => unknown;
  /**
   * Builds the graph. `settings` hold where neither the job's options nor `build` say anything else.
   *
   * Throws UserError GRAPH_INVALID, or what `build` throws.
   */
  createGraph(settings?: JobSettings): StreamGraph;
  /**
   * Graphs for the subtasks of a run: `graphOf(i)` has the function objects of subtask i, `graphOf(0)` is the
   * plan.
   *
   * `graphOf` throws UserError GRAPH_NOT_DETERMINISTIC if two builds differ, FUNCTION_SHARED if they share an
   * object.
   */
  subtaskGraphs(settings?: JobSettings): (subtask: number) => StreamGraph;
  /** Runs the job in this process to its end. Rejects with the StreamError that ended it. */
  execute(options?: RunOptions & JobSettings): Promise<JobResult>;
}

/**
 * Describes a job; a job module exports it as default.
 *
 * `build` must be synchronous, do no I/O and build the same graph each time: it runs when the job is planned
 * and once for each subtask, so that function objects belong to one subtask.
 *
 * Throws UserError GRAPH_INVALID if the name is empty or `build` is no synchronous function.
 */
export function defineJob<R>(
  name: string,
  build: ((env: StreamExecutionEnvironment) => R) & Synchronous<R>,
  options: JobSettings = {},
): JobDefinition {
  requireName(name);
  requireBuild(name, build);
  const createGraph = (settings: JobSettings = {}) => buildGraph(name, build, merge(settings, options));
  const job: JobDefinition = {
    name,
    build,
    createGraph,
    subtaskGraphs: (settings) => subtaskGraphs(() => createGraph(settings)),
    execute: async ({ parallelism, maxParallelism, onError, stateBackend, ...runOptions } = {}) =>
      runGraphs(job.subtaskGraphs({ parallelism, maxParallelism, onError, stateBackend }), runOptions),
  };
  return Object.freeze(Object.defineProperty(job, JOB, { value: true }));
}

/** True for a job of `defineJob`, also of another copy of the package. */
export function isJobDefinition(value: unknown): value is JobDefinition {
  return typeof value === 'object' && value !== null && JOB in value;
}

function subtaskGraphs(createGraph: () => StreamGraph): (subtask: number) => StreamGraph {
  const graphs = new Map<number, StreamGraph>();
  const owners = new FunctionOwners();
  const graphOf = (subtask: number): StreamGraph => {
    const known = graphs.get(subtask);
    if (known !== undefined) return known;
    const graph = createGraph();
    if (subtask !== 0) requireSameStructure(graphOf(0), graph);
    owners.claim(graph, subtask);
    graphs.set(subtask, graph);
    return graph;
  };
  return graphOf;
}

function buildGraph(
  name: string,
  build: (env: StreamExecutionEnvironment) => unknown,
  settings: JobSettings,
): StreamGraph {
  const builder = new GraphBuilder(settings, name);
  const result = build(StreamExecutionEnvironment.forBuilder(builder));
  if (isPromise(result)) {
    throw new UserError(
      'GRAPH_INVALID',
      `The build function of job '${name}' returned a promise; it must be synchronous and do no I/O.`,
      { context: { jobName: name } },
    );
  }
  return builder.toStreamGraph(name);
}

/** Options of the job win over settings from outside; `undefined` is no value. */
function merge(settings: JobSettings, options: JobSettings): JobSettings {
  return {
    parallelism: options.parallelism ?? settings.parallelism,
    maxParallelism: options.maxParallelism ?? settings.maxParallelism,
    onError: options.onError ?? settings.onError,
    stateBackend: options.stateBackend ?? settings.stateBackend,
  };
}

function requireSameStructure(planned: StreamGraph, built: StreamGraph): void {
  const difference = structureDifference(structureOf(planned), structureOf(built));
  if (difference === undefined) return;
  throw new UserError(
    'GRAPH_NOT_DETERMINISTIC',
    `Two builds of job '${planned.jobName}' differ at ${difference}; build must always give one graph, ` +
      'so it may not depend on clocks, random numbers or what earlier builds left behind.',
    { context: { jobName: planned.jobName } },
  );
}

function requireName(name: unknown): void {
  if (typeof name === 'string' && name !== '') return;
  throw new UserError(
    'GRAPH_INVALID',
    `defineJob() at ${userLocation()} needs a name as first argument: a non-empty string.`,
  );
}

function requireBuild(name: string, build: unknown): void {
  if (typeof build === 'function' && build.constructor.name === 'Function') return;
  throw new UserError(
    'GRAPH_INVALID',
    `The second argument of defineJob('${name}') at ${userLocation()} must be a synchronous function of env.`,
    { context: { jobName: name } },
  );
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
