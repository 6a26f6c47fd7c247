/** A deployed job over stores in memory: its task functions, and what brings them their batches. */
import type { KinesisStreamEvent, KinesisStreamRecord } from 'aws-lambda';
import { TaskRuntime } from '../../functions/task-runtime.ts';
import type { TaskQuestion } from '../../lib/adapters/lambda/lambda-subtask-invoker.ts';
import { MemoryJobRecords } from '../../lib/adapters/memory/memory-job-records.ts';
import { MemoryObjectStore } from '../../lib/adapters/memory/memory-object-store.ts';
import { MemoryStreamTransport } from '../../lib/adapters/memory/memory-stream-transport.ts';
import { MemorySubtaskLog } from '../../lib/adapters/memory/memory-subtask-log.ts';
import { systemClock } from '../../lib/adapters/system/system-clock.ts';
import type { JobDefinition } from '../../lib/api/define-job.ts';
import type { CoordinatorPorts } from '../../lib/coordinator/coordinator-ports.ts';
import { startJob } from '../../lib/coordinator/restore.ts';
import { createRunPlan, type RunPlan } from '../../lib/coordinator/run-plan.ts';
import type { Deployment } from '../../lib/core/deployment.ts';
import { LIMITS } from '../../lib/core/limits.ts';
import type { SubtaskId } from '../../lib/core/log/subtask-id.ts';
import { createExecutionGraph } from '../../lib/graph/execution-graph.ts';
import { createJobGraph } from '../../lib/graph/job-graph.ts';
import { planHashOf } from '../../lib/graph/plan-hash.ts';
import { structureOf } from '../../lib/graph/structure.ts';
import type { Clock } from '../../lib/ports/clock.ts';
import { PRODUCTION_COORDINATOR_RULES } from '../../lib/protocol/coordinator-rules.ts';
import type { InvocationOutcome } from '../../lib/runtime/invocation/invocation-input.ts';
import { CountedCalls } from './counted-calls.ts';

const MINUTE_MS = 60_000;
/** Frames that come in one batch. */
const BATCH_FRAMES = 100;

export interface DeployedOptions {
  readonly job: JobDefinition;
  readonly parallelism?: number;
  /** Uid of the source that is bound to the external stream. */
  readonly source: string;
  readonly code?: string;
  /** Of the external stream. @default 2 */
  readonly shards?: number;
}

function deploymentOf({ job, parallelism = 2, source, code = 'c'.repeat(64) }: DeployedOptions): {
  readonly plan: RunPlan;
  readonly deployment: Deployment;
} {
  const settings = { parallelism, maxParallelism: 128 };
  const graph = job.createGraph(settings);
  const plan = createRunPlan(createExecutionGraph(createJobGraph(graph)));
  const inner = plan.vertices.filter((vertex) => !vertex.source);
  const deployment: Deployment = {
    ...{ job: job.name, code, planHash: planHashOf(graph), settings },
    ...{ logTable: 'log', jobTable: 'jobs', bucket: 'objects' },
    streams: Object.fromEntries(
      inner.map(({ id, parallelism: shards }) => [id, { name: `${id}-in`, shards }]),
    ),
    bindings: { [source]: { kind: 'kinesis-source', stream: 'external', arn: '' } },
  };
  return { plan, deployment };
}

/** What stream records are made of. */
interface Delivery {
  readonly stream: string;
  readonly shard: number;
  readonly records: readonly {
    readonly bytes: Uint8Array;
    readonly partitionKey: string;
    readonly sequenceNumber: string;
  }[];
}

export class DeployedFunctions {
  readonly calls = new CountedCalls();
  readonly sent = new MemoryStreamTransport();
  readonly objects = this.calls.of('objects', new MemoryObjectStore(systemClock));
  readonly log = this.calls.of('log', new MemorySubtaskLog(LIMITS.logRingSlots));
  readonly records = this.calls.of('records', new MemoryJobRecords());
  readonly transport = this.calls.of('transport', this.sent);
  job: JobDefinition;
  plan: RunPlan;
  deployment: Deployment;
  readonly #warm = new Map<string, TaskRuntime>();
  readonly #read = new Map<string, string>();
  readonly #shards: number;
  #numbers = 0;

  constructor(options: DeployedOptions) {
    this.job = options.job;
    this.#shards = options.shards ?? 2;
    ({ plan: this.plan, deployment: this.deployment } = deploymentOf(options));
  }

  /** Goes with the functions' clock, and does not wait. */
  readonly clock: Clock = { now: () => systemClock.now(), sleep: async () => {} };

  /** Requests go to the functions at once. */
  get ports(): CoordinatorPorts {
    const { log, objects, records, clock, calls } = this;
    const invoker = {
      invoke: async (id: { run: string; vertex: string; subtask: number }, request: { kind: string }) => {
        // The kinds of requests are those of the port.
        const millrace = request.kind as 'tick' | 'genesis' | 'drain';
        await this.function(id.vertex).handle({ millrace, ...id }, Date.now() + MINUTE_MS);
      },
    };
    return {
      ...{ log, objects, records, clock, rules: PRODUCTION_COORDINATOR_RULES },
      invoker: calls.of('invoker', invoker),
      nonce: () => `nonce-${++this.#numbers}`,
    };
  }

  /** As Lambda answers a caller that waits. */
  async ask(id: SubtaskId, millrace: TaskQuestion): Promise<void> {
    const outcome = await this.function(id.vertex).handle({ millrace, ...id }, Date.now() + MINUTE_MS);
    if (outcome.kind === 'failed') throw outcome.error;
  }

  /** Puts another plan, its code and its functions in the place of what there is; streams stay. */
  redeploy(options: DeployedOptions): void {
    this.job = options.job;
    this.plan = deploymentOf(options).plan;
    this.renew(deploymentOf(options).deployment);
  }

  /** Puts functions of another deployment in the place of the warm ones. */
  renew(deployment: Deployment): void {
    this.deployment = deployment;
    this.#warm.clear();
  }

  /** The warm function of a vertex. */
  function(vertex: string): TaskRuntime {
    const warm = this.#warm.get(vertex) ?? this.cold(vertex);
    this.#warm.set(vertex, warm);
    return warm;
  }

  /** The function of a vertex in a new environment. */
  cold(vertex: string): TaskRuntime {
    const { deployment, job, log, objects, records, transport } = this;
    const shards = Array.from({ length: this.#shards }, (_, shard) => ({ id: shardId(shard), parents: [] }));
    return new TaskRuntime({
      ...{ job, deployment, vertex, transport, stores: { log, objects, records } },
      listShards: async () => shards,
      deployedPlan: () => structureOf(job.createGraph(deployment.settings)),
    });
  }

  async start(run = 'run-1'): Promise<void> {
    const { plan, deployment } = this;
    await startJob(this.ports, { job: deployment.job, run, plan, code: deployment.code });
  }

  /** Delivers lines to the source; both shards are its subtasks'. */
  async read(vertex: string, shard: number, lines: readonly unknown[]): Promise<InvocationOutcome> {
    const event = this.external(shard, lines);
    return this.function(vertex).handle(event, Date.now() + MINUTE_MS);
  }

  /** A batch of the external stream. */
  external(shard: number, lines: readonly unknown[]): KinesisStreamEvent {
    const records = lines.map((line) => {
      const sequenceNumber = String(++this.#numbers).padStart(20, '0');
      return { bytes: Buffer.from(JSON.stringify(line)), partitionKey: 'p', sequenceNumber };
    });
    return eventOf({ stream: 'external', shard, records });
  }

  /** Delivers what was sent to a subtask and not delivered yet; the outcomes of its batches. */
  async forward(vertex: string, subtask: number): Promise<readonly InvocationOutcome[]> {
    const outcomes: InvocationOutcome[] = [];
    for (const event of this.frames(vertex, subtask)) {
      outcomes.push(await this.function(vertex).handle(event, Date.now() + MINUTE_MS));
    }
    return outcomes;
  }

  /** Batches of what was sent to a subtask since this was asked for last. */
  frames(vertex: string, subtask: number): readonly KinesisStreamEvent[] {
    const target = `${vertex}/${subtask}`;
    const events: KinesisStreamEvent[] = [];
    const frames = this.sent.poll(target, this.#read.get(target));
    for (let i = 0; i < frames.length; i += BATCH_FRAMES) {
      const batch = frames.slice(i, i + BATCH_FRAMES);
      const records = batch.map(({ run, ...frame }) => ({ ...frame, partitionKey: run }));
      events.push(eventOf({ stream: `${vertex}-in`, shard: subtask, records }));
      this.#read.set(target, batch.at(-1)!.sequenceNumber);
    }
    return events;
  }
}

function shardId(shard: number): string {
  return `shardId-${String(shard).padStart(12, '0')}`;
}

function eventOf({ stream, shard, records }: Delivery): KinesisStreamEvent {
  return {
    Records: records.map(
      ({ bytes, partitionKey, sequenceNumber }): KinesisStreamRecord => ({
        awsRegion: 'us-east-1',
        eventID: `${shardId(shard)}:${sequenceNumber}`,
        eventName: 'aws:kinesis:record',
        eventSource: 'aws:kinesis',
        eventSourceARN: `arn:aws:kinesis:us-east-1:1:stream/${stream}`,
        eventVersion: '1.0',
        invokeIdentityArn: '',
        kinesis: {
          ...{ approximateArrivalTimestamp: 1, kinesisSchemaVersion: '1.0', partitionKey, sequenceNumber },
          data: Buffer.from(bytes).toString('base64'),
        },
      }),
    ),
  };
}
