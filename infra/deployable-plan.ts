/** The plan of a job, and whether it can run on AWS with its bindings. */
import { createHash } from 'node:crypto';
import type { JobDefinition } from '../lib/api/define-job.ts';
import { createRunPlan, type RunPlan } from '../lib/coordinator/run-plan.ts';
import { assertNever, UserError } from '../lib/core/errors.ts';
import { LIMITS } from '../lib/core/limits.ts';
import { createExecutionGraph } from '../lib/graph/execution-graph.ts';
import { createJobGraph, type JobGraph, type JobVertex, nodesOf } from '../lib/graph/job-graph.ts';
import { planHashOf } from '../lib/graph/plan-hash.ts';
import type { StreamGraph, StreamNode } from '../lib/graph/stream-graph.ts';
import { type Binding, isSourceBinding, type SinkBinding, type SourceBinding } from './bindings.ts';
import { hasKeyedInput } from './keyed-input.ts';
import type { StreamJobProps } from './stream-job-props.ts';

/** A job as it will run: its graphs, and what the operators of each vertex are bound to. */
export interface DeployablePlan {
  readonly graph: StreamGraph;
  readonly jobGraph: JobGraph;
  readonly run: RunPlan;
  readonly planHash: string;
  /** Of vertices, parallelisms and edges: a change of user code leaves it as it is. */
  readonly topologyHash: string;
}

export type DeployableProps = Pick<
  StreamJobProps,
  'bindings' | 'parallelism' | 'maxParallelism' | 'stateBackend' | 'vertices'
>;

/**
 * Reads the plan of `job`. Throws UserError JOB_NOT_DEPLOYABLE or BINDING_INVALID, with `path` of the
 * construct, for what cannot run on AWS, or the error of the job's own graph.
 */
export function createDeployablePlan(
  job: JobDefinition,
  { props, path }: { readonly props: DeployableProps; readonly path: string },
): DeployablePlan {
  const { parallelism, maxParallelism, stateBackend } = props;
  const graph = job.subtaskGraphs({ parallelism, maxParallelism, stateBackend })(0);
  const jobGraph = createJobGraph(graph);
  checkBindings(graph, { bindings: props.bindings ?? {}, path });
  for (const vertex of jobGraph.vertices) {
    checkParallelism(vertex, path);
  }
  checkVertexNames(jobGraph, { names: Object.keys(props.vertices ?? {}), path });
  const run = withOrigins(createRunPlan(createExecutionGraph(jobGraph)), {
    jobGraph,
    bindings: props.bindings ?? {},
  });
  const topologyHash = topologyHashOf(run);
  return { graph, jobGraph, run, planHash: planHashOf(graph), topologyHash };
}

/** Notes what the sources read. */
function withOrigins(
  plan: RunPlan,
  {
    jobGraph,
    bindings,
  }: { readonly jobGraph: JobGraph; readonly bindings: Readonly<Record<string, Binding>> },
): RunPlan {
  const sources = new Map(
    jobGraph.vertices.map((vertex) => [vertex.id, sourceBindingOf(vertex, bindings)] as const),
  );
  const vertices = plan.vertices.map((vertex) => {
    const binding = sources.get(vertex.id);
    return binding === undefined ? vertex : { ...vertex, reads: originOf(binding) };
  });
  return { ...plan, vertices };
}

function originOf(binding: SourceBinding): string {
  switch (binding.kind) {
    case 'kinesis-source':
      return binding.stream.streamArn;
    case 'dynamodb-source':
      return binding.table.tableStreamArn ?? '';
    case 's3-source':
      return `s3://${binding.bucket.bucketName}/${binding.prefix}`;
    default:
      return assertNever(binding);
  }
}

/** What decides which records travel where; what an operator does with them is none of it. */
function topologyHashOf({ vertices, edges }: RunPlan): string {
  const topology = {
    vertices: vertices.map(({ id, parallelism, maxParallelism }) => [id, parallelism, maxParallelism]),
    edges: edges.map(({ id, sourceVertex, targetVertex, inputIndex, routing }) => [
      ...[id, sourceVertex, targetVertex],
      ...[inputIndex, routing],
    ]),
  };
  return createHash('sha256').update(JSON.stringify(topology)).digest('hex').slice(0, 8);
}

/** How bindings name an operator. */
function bindingKey(node: StreamNode): string {
  return node.uid ?? node.name;
}

/** The binding of a vertex that reads from outside. */
export function sourceBindingOf(
  vertex: JobVertex,
  bindings: Readonly<Record<string, Binding>>,
): SourceBinding | undefined {
  const bound = bindingsOf(vertex, bindings).filter(isSourceBinding);
  return bound[0];
}

/** The bindings of the sinks of a vertex. */
export function sinkBindingsOf(
  vertex: JobVertex,
  bindings: Readonly<Record<string, Binding>>,
): readonly SinkBinding[] {
  return bindingsOf(vertex, bindings).filter((binding) => !isSourceBinding(binding));
}

function bindingsOf(vertex: JobVertex, bindings: Readonly<Record<string, Binding>>): readonly Binding[] {
  return nodesOf(vertex)
    .map((node) => bindings[bindingKey(node)])
    .filter((binding) => binding !== undefined);
}

function checkBindings(
  graph: StreamGraph,
  { bindings, path }: { readonly bindings: Readonly<Record<string, Binding>>; readonly path: string },
): void {
  const ends = graph.nodes.filter(({ spec }) => spec.kind === 'source' || spec.kind === 'sink');
  const known = ends.map((node) => `'${bindingKey(node)}'`).join(', ');
  for (const name of Object.keys(bindings)) {
    const named = ends.filter((node) => bindingKey(node) === name);
    if (named.length === 0) {
      throw invalidBinding(path, `binds '${name}', which is no source or sink of the job: it has ${known}`);
    }
    if (named.length > 1) {
      throw invalidBinding(path, `binds '${name}', but ${named.length} operators have that name: give uids`);
    }
  }
  for (const node of ends) {
    const binding = bindings[bindingKey(node)];
    checkEnd(node, { binding, path });
    if (binding?.kind === 'dynamodb-sink') checkKeys(graph, { node, table: binding.table.node.path, path });
  }
}

/** Versions of items compare only within a subtask: the same key must not come to two of them. */
function checkKeys(
  graph: StreamGraph,
  { node, table, path }: { readonly node: StreamNode; readonly table: string; readonly path: string },
): void {
  if (hasKeyedInput(graph, node)) return;
  throw invalidBinding(
    path,
    `binds sink '${bindingKey(node)}' (${node.location}) with a parallelism of ${node.parallelism} to ` +
      `table ${table}, but records of one key may come to several of its subtasks, whose writes have no ` +
      'order: an older record could stay. Put keyBy() with the primary key of the table before the sink, ' +
      'or give the sink a parallelism of 1',
  );
}

/** Connectors that cannot run in a Lambda function, with the reason. */
const NOT_ON_AWS: ReadonlyMap<string, string> = new Map([
  ['file', 'a function has no disk that lasts'],
  ['collect', 'it keeps what it gets in memory'],
]);

function checkEnd(
  node: StreamNode,
  { binding, path }: { readonly binding: Binding | undefined; readonly path: string },
): void {
  const { spec } = node;
  if (spec.kind !== 'source' && spec.kind !== 'sink') return;
  const name = bindingKey(node);
  const shown = `${spec.kind} '${name}' (${node.location})`;
  if (binding !== undefined) {
    if (binding.kind === 'dynamodb-source' && binding.table.tableStreamArn === undefined) {
      throw invalidBinding(path, `binds ${shown} to table ${binding.table.node.path}, which has no stream`);
    }
    if (binding.kind === 's3-source' && spec.kind === 'source' && spec.source.connector !== 'file') {
      throw invalidBinding(
        path,
        `binds ${shown} to objects of S3, which are read as files, but it reads ` +
          `${spec.source.description}: make it a FileSource`,
      );
    }
    if (isSourceBinding(binding) === (spec.kind === 'source')) return;
    const other = spec.kind === 'source' ? 'Sources' : 'Sinks';
    throw invalidBinding(path, `binds ${shown} to a ${binding.kind}: take one of ${other}`);
  }
  if (spec.kind === 'source') {
    throw notDeployable(
      path,
      `${shown} reads ${spec.source.description}, which cannot run on AWS: only records that a service ` +
        `delivers drive a function. Bind it: bindings: { '${name}': Sources.kinesis(stream) }`,
    );
  }
  const reason = NOT_ON_AWS.get(spec.sink.connector);
  if (reason === undefined) return;
  throw notDeployable(
    path,
    `${shown} writes ${spec.sink.description}, which cannot run on AWS: ${reason}. ` +
      `Bind it: bindings: { '${name}': Sinks.s3(bucket, '${name}/') }`,
  );
}

function checkParallelism(vertex: JobVertex, path: string): void {
  const max = LIMITS.deployedParallelismMax;
  if (vertex.parallelism <= max) return;
  throw notDeployable(
    path,
    `vertex '${vertex.id}' has a parallelism of ${vertex.parallelism}; on AWS it is at most ${max}`,
  );
}

function checkVertexNames(
  jobGraph: JobGraph,
  { names, path }: { readonly names: readonly string[]; readonly path: string },
): void {
  const ids = jobGraph.vertices.map(({ id }) => id);
  const unknown = names.find((name) => !ids.includes(name));
  if (unknown === undefined) return;
  throw notDeployable(path, `vertices has '${unknown}', but the vertices of the job are ${ids.join(', ')}`);
}

/** The UserError that refuses the construct at `path`. */
export function notDeployable(path: string, what: string): UserError {
  return new UserError('JOB_NOT_DEPLOYABLE', `${path}: ${what}.`, { context: { location: path } });
}

function invalidBinding(path: string, what: string): UserError {
  return new UserError('BINDING_INVALID', `${path}: ${what}.`, { context: { location: path } });
}
