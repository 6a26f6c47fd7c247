/** Deploys a job of the public API with the production runtime. */
import { createRunPlan, type PlanVertex } from '../../coordinator/run-plan.ts';
import { SubtaskFold } from '../../coordinator/subtask-fold.ts';
import { createExecutionGraph } from '../../graph/execution-graph.ts';
import { createJobGraph } from '../../graph/job-graph.ts';
import type { StreamGraph } from '../../graph/stream-graph.ts';
import type { Metrics } from '../../ports/metrics.ts';
import type { Replica } from '../../runtime/invocation/replica.ts';
import { failRun } from '../../runtime/invocation/run-failure.ts';
import { SubtaskHost } from '../../runtime/invocation/subtask-host.ts';
import { TaskProgramFactory } from '../../runtime/invocation/task-program-factory.ts';
import type { CachedFold, CodeOwner, FunctionHost, FunctionInput } from './function-pool.ts';
import { type DeployedJob, type HostPorts, type InputShard, ownerOfShard } from './simulated-job.ts';
import type { StoredSinkPorts } from './stored-sink.ts';

export interface TaskJobOptions {
  readonly code: string;
  readonly shards: readonly InputShard[];
  /** Makes the graph anew, with functions and sinks of its own. */
  readonly newGraph: (ports: StoredSinkPorts, owner: CodeOwner) => StreamGraph;
}

const NO_METRICS: Metrics = { count() {}, gauge() {} };
const NO_PORTS: StoredSinkPorts = { sink: { store: async () => {} } };

/** The job, ready to be deployed for one run. */
export function deployTaskJob(options: TaskJobOptions): DeployedJob {
  const graph = createExecutionGraph(createJobGraph(options.newGraph(NO_PORTS, 'run')));
  const plan = createRunPlan(graph);
  const { code } = options;
  return {
    plan,
    code,
    createHost: (ports, owner) => createHost(ports, plan.vertices, { ...options, owner }),
  };
}

function createHost(
  ports: HostPorts,
  vertices: readonly PlanVertex[],
  { newGraph, shards, code, owner }: TaskJobOptions & { readonly owner: CodeOwner },
): FunctionHost {
  const { process, log, objects, transport, table, clock, rules, lineage, nonce, records, job, run } = ports;
  const factory = new TaskProgramFactory({
    newGraph: () => newGraph(ports, owner),
    shardsOf: (subtask) => {
      const vertex = vertices.find(({ id }) => id === subtask.vertex);
      return shards
        .filter(({ source }) => source === vertex?.operators[0]?.id)
        .map(({ name }) => name)
        .filter((name) => ownerOfShard(name, vertex?.parallelism ?? 1) === subtask.subtask);
    },
    ...{ clock, random: process.random, deadLetters: { keep: async () => {} }, rules },
    hasTable: table !== undefined,
  });
  const host = new SubtaskHost({
    ports: { log, objects, transport, table, clock, random: process.random, metrics: NO_METRICS },
    ...{ rules, lineage, nonce },
    code: owner === 'run' ? code : `not ${code}`,
    inputKindOf: (vertex) => factory.inputKindOf(vertex),
    createProgram: async (subtask) => ports.wrapProgram(await factory.create(subtask)),
    failRun: (subtask, error) => failRun({ records, clock, key: `run/${job}/${run}` }, subtask, error),
  });
  return {
    cached: (subtask) => foldOf(host.cachedReplica(subtask)),
    invoke: async (subtask, input, deadline) => {
      const outcome = await host.invoke({ subtask, ...inputOf(input), deadline });
      if (outcome.kind === 'success') return outcome;
      const { firstUncommitted, error } = outcome;
      return { kind: 'failed', firstFailed: firstUncommitted, error };
    },
  };
}

/** What a replica holds, if it has run: before, it keeps what it has read. */
function foldOf(replica: Replica | undefined): CachedFold | undefined {
  if (replica === undefined || !replica.opened || replica.version === 0) return undefined;
  const fold = new SubtaskFold();
  fold.restore(replica.vectors.toBase([], []));
  fold.applyState(replica.program.collectAll());
  return { fold, elsewhere: replica.program.tableState?.operator };
}

function inputOf(input: FunctionInput) {
  if (input.kind === 'request') return { records: [], request: input.request };
  const { shard, records } = input;
  return {
    records: records.map(({ last, ...record }) => ({ ...record, shardId: shard, endOfShard: last })),
    request: undefined,
  };
}
