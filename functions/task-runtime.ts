/**
 * TaskRuntime: the subtasks of one vertex in one Lambda environment.
 *
 * 1. (I15) It works for the run that is the job's. It looks for that once, and again after a failure or when
 *    frames of a run come that it does not know: in steady state it reads nothing.
 * 2. It refuses to work when the plan that it evaluates is not the one that was deployed.
 */
import { randomUUID } from 'node:crypto';
import { systemClock } from '../lib/adapters/system/system-clock.ts';
import { systemRandom } from '../lib/adapters/system/system-random.ts';
import type { JobDefinition } from '../lib/api/define-job.ts';
import type { RunState } from '../lib/coordinator/job-tables.ts';
import type { BindingData, Deployment } from '../lib/core/deployment.ts';
import { InvariantError, RetryableError, StreamError, UserError } from '../lib/core/errors.ts';
import type { ListedShard } from '../lib/core/listed-shard.ts';
import { planHashOf } from '../lib/graph/plan-hash.ts';
import { type GraphStructure, structureDifference, structureOf } from '../lib/graph/structure.ts';
import type { StreamTransport } from '../lib/ports/stream-transport.ts';
import { PRODUCTION_RULES } from '../lib/protocol/rules.ts';
import type { InvocationInput, InvocationOutcome } from '../lib/runtime/invocation/invocation-input.ts';
import { failRun } from '../lib/runtime/invocation/run-failure.ts';
import { SubtaskHost } from '../lib/runtime/invocation/subtask-host.ts';
import { TaskProgramFactory } from '../lib/runtime/invocation/task-program-factory.ts';
import { bindGraph, bindingOf } from './bind-job.ts';
import { deadLetterObjects } from './dead-letter-objects.ts';
import type { DeployedStores } from './deployed-stores.ts';
import { readerOf, shardNumber } from './external-shards.ts';
import type { CountedMetrics, MetricLine } from './middlewares/job-metrics.ts';
import { readCurrentRun } from './run-directory.ts';
import { ShardLineage } from './shard-lineage.ts';
import { batchOf, firstOf, isRequest, type ShardBatch, type TaskEvent } from './task-event.ts';
import { TaskMetrics } from './task-metrics.ts';
import { withinTime } from './time-guard.ts';

export interface TaskRuntimeOptions {
  readonly job: JobDefinition;
  readonly deployment: Deployment;
  readonly vertex: string;
  readonly stores: DeployedStores;
  readonly transport: StreamTransport;
  /** Shards of the external stream that a source is bound to; none for what is no stream. */
  readonly listShards: (binding: BindingData) => Promise<readonly ListedShard[]>;
  /** The structure of the plan that was deployed. */
  readonly deployedPlan: () => GraphStructure;
}

/** A run with the programs that work for it. */
interface HostedRun {
  readonly run: RunState;
  readonly host: SubtaskHost;
  readonly lineage: ShardLineage;
  /** The stream of others that the vertex reads, as batches name it. */
  readonly external: string | undefined;
}

export class TaskRuntime implements CountedMetrics {
  readonly #options: TaskRuntimeOptions;
  #hosted: Promise<HostedRun> | undefined;
  readonly #metrics: TaskMetrics;

  /** Throws UserError JOB_NOT_DEPLOYABLE if the job's plan is not the deployed one. */
  constructor(options: TaskRuntimeOptions) {
    this.#options = options;
    this.#metrics = new TaskMetrics(options.deployment, options.vertex);
    requireDeployedPlan(options);
  }

  /** Runs a batch or a request. Never throws for what the stream can be told. */
  async handle(event: TaskEvent, deadline: number): Promise<InvocationOutcome> {
    try {
      const work = isRequest(event) ? this.#request(event, deadline) : this.#batch(batchOf(event), deadline);
      const outcome = await withinTime(work, deadline);
      if (outcome.kind === 'failed' && !isTimeOver(outcome.error)) this.#hosted = undefined;
      return outcome;
    } catch (error) {
      this.#hosted = undefined;
      const firstUncommitted = isRequest(event) ? undefined : firstOf(event);
      return { kind: 'failed', firstUncommitted, error };
    }
  }

  /** What was counted since this was asked for last. */
  takeMetrics(): readonly MetricLine[] {
    return this.#metrics.takeMetrics();
  }

  async #request(
    { millrace, run, vertex, subtask }: Extract<TaskEvent, { millrace: unknown }>,
    deadline: number,
  ): Promise<InvocationOutcome> {
    // That the function has begun is the answer.
    if (millrace === 'probe') return { kind: 'success' };
    let hosted = await this.#current();
    if (hosted.run.id !== run) hosted = await this.#renew();
    // A request of a run that is over asks for nothing any more.
    if (hosted.run.id !== run) return { kind: 'success' };
    const id = { run, vertex, subtask };
    if (millrace === 'load') {
      await hosted.host.rehearse(id);
      return { kind: 'success' };
    }
    return hosted.host.invoke({ subtask: id, records: [], request: { kind: millrace }, deadline });
  }

  async #batch(batch: ShardBatch | undefined, deadline: number): Promise<InvocationOutcome> {
    if (batch === undefined) return { kind: 'success' };
    const { deployment, vertex } = this.#options;
    const internal = batch.stream === deployment.streams[vertex]?.name;
    let hosted = await this.#current();
    const foreign = internal && [...batch.partitionKeys].some((run) => run !== hosted.run.id);
    if (foreign) hosted = await this.#renew();
    if (!internal && batch.stream !== hosted.external) throw foreignStream(batch.stream, vertex);
    const subtask = internal ? shardNumber(batch.shardId) : this.#readerOf(batch.shardId, hosted.run);
    if (!internal) await this.#settleShard(batch.shardId, hosted, deadline);
    const input: InvocationInput = {
      subtask: { run: hosted.run.id, vertex, subtask },
      records: batch.records,
      request: undefined,
      deadline,
    };
    return hosted.host.invoke(input);
  }

  /** Throws what a subtask failed with that has to know of the shard before it is read. */
  async #settleShard(shardId: string, { run, host, lineage }: HostedRun, deadline: number): Promise<void> {
    for (const { subtask, opened, ended } of await lineage.changesBefore(shardId)) {
      const id = { run: run.id, vertex: this.#options.vertex, subtask };
      const request = { kind: 'reshard', opened, ended } as const;
      const outcome = await host.invoke({ subtask: id, records: [], request, deadline });
      if (outcome.kind === 'failed') throw outcome.error;
    }
    lineage.settle(shardId);
  }

  #readerOf(shardId: string, run: RunState): number {
    return readerOf(shardId, parallelismOf(run, this.#options.vertex));
  }

  #current(): Promise<HostedRun> {
    this.#hosted ??= this.#open();
    return this.#hosted;
  }

  /** Keeps what is known if it is still true. */
  async #renew(): Promise<HostedRun> {
    const { stores, deployment } = this.#options;
    const known = await this.#current();
    const run = await readCurrentRun(stores.records, deployment);
    if (run.id !== known.run.id) this.#hosted = this.#open();
    return this.#current();
  }

  async #open(): Promise<HostedRun> {
    const { job, deployment, vertex, stores, transport, listShards } = this.#options;
    const { log, objects, records, table } = stores;
    const run = await readCurrentRun(records, deployment);
    const binding = bindingOfSource(this.#options, run);
    const parallelism = parallelismOf(run, vertex);
    const lineage = new ShardLineage(
      async () => (binding === undefined ? [] : await listShards(binding)),
      (shardId) => readerOf(shardId, parallelism),
    );
    const shards = await lineage.roots();
    const factory = new TaskProgramFactory({
      newGraph: () => bindGraph(job.createGraph(deployment.settings), deployment.bindings),
      clock: systemClock,
      random: systemRandom,
      deadLetters: deadLetterObjects(objects),
      rules: PRODUCTION_RULES,
      metrics: this.#metrics.registry,
      readerOfSplit: readerOf,
      shardsOf: ({ subtask }) => shards.filter((shard) => readerOf(shard, parallelism) === subtask),
      hasTable: table !== undefined,
    });
    const key = `run/${encodeURIComponent(deployment.job)}/${encodeURIComponent(run.id)}`;
    const host = new SubtaskHost({
      ports: {
        ...{ log, objects, transport, table },
        ...{ clock: systemClock, random: systemRandom, metrics: this.#metrics.registry },
      },
      rules: PRODUCTION_RULES,
      code: deployment.code,
      lineage: run.lineage,
      nonce: randomUUID,
      inputKindOf: (id) => factory.inputKindOf(id),
      createProgram: (subtask) => factory.create(subtask),
      failRun: async (subtask, error) => {
        this.#metrics.registry.count(vertex, 'runsFailed', 1);
        await failRun({ records, clock: systemClock, key }, subtask, error);
      },
    });
    return { run, host, lineage, external: streamOf(binding) };
  }
}

/** As batches name it. */
function streamOf(binding: BindingData | undefined): string | undefined {
  if (binding?.kind === 'kinesis-source') return binding.stream;
  return binding?.kind === 'dynamodb-source' ? binding.arn : undefined;
}

/** A mapping of the plan before lives on until the deployment is complete. */
function foreignStream(stream: string, vertex: string): RetryableError {
  return new RetryableError('IO_FAILED', `Stream ${stream} is none that ${vertex} reads in this deployment.`);
}

/** What is in memory holds good, and the next invocation goes on with it. */
function isTimeOver(error: unknown): boolean {
  return error instanceof StreamError && error.code === 'TIME_OVER';
}

function parallelismOf({ plan }: RunState, vertex: string): number {
  const found = plan.vertices.find(({ id }) => id === vertex);
  if (found !== undefined) return found.parallelism;
  throw new InvariantError('INVARIANT', `The run has no vertex ${vertex}: deploy the job again.`);
}

/** What the source of the vertex is bound to, if it is one. */
function bindingOfSource(
  { deployment, vertex, job }: TaskRuntimeOptions,
  { plan }: RunState,
): BindingData | undefined {
  const found = plan.vertices.find(({ id }) => id === vertex);
  if (found?.source !== true) return undefined;
  const graph = job.createGraph(deployment.settings);
  const head = found.operators[0]?.id;
  const node = graph.nodes.find(({ id, uid }) => (uid ?? `#${id}`) === head);
  return node && bindingOf(node, deployment.bindings);
}

function requireDeployedPlan({ job, deployment, deployedPlan }: TaskRuntimeOptions): void {
  const graph = job.createGraph(deployment.settings);
  if (planHashOf(graph) === deployment.planHash) return;
  const difference = structureDifference(deployedPlan(), structureOf(graph)) ?? 'their hashes differ';
  throw new UserError(
    'JOB_NOT_DEPLOYABLE',
    `Job '${job.name}' builds another plan in its function than at deployment: ${difference}. Build the ` +
      'same plan everywhere: let it depend on nothing but the code.',
    { context: { jobName: job.name } },
  );
}
