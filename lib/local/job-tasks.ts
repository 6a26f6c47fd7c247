/**
 * JobTasks: the subtasks of a job, the channels between them, the enumerators of its sources and the
 * committers of its sinks, joined together.
 *
 * State is filed under the subtasks of the job graph, whichever of them run as one task, so that fusing
 * differently changes nothing.
 */
import { MemoryChannel } from '../adapters/memory/memory-channel.ts';
import { systemRandom } from '../adapters/system/system-random.ts';
import type { StateScope } from '../core/connector.ts';
import { InvariantError } from '../core/errors.ts';
import type { OperatorDelta, OperatorStateDelta } from '../core/log/state-delta.ts';
import { type ChannelGroup, createExecutionGraph, type ExecutionGraph } from '../graph/execution-graph.ts';
import { type FusedTask, fuseForSingleThread } from '../graph/fusion.ts';
import { createJobGraph, type JobGraph, nodesOf } from '../graph/job-graph.ts';
import { stateIdOf } from '../graph/state-layout.ts';
import type { StreamGraph, StreamNode } from '../graph/stream-graph.ts';
import type { Clock } from '../ports/clock.ts';
import type { DeadLetterOutput } from '../ports/dead-letters.ts';
import type { MetricRegistry } from '../runtime/metrics.ts';
import { isEmptyDelta } from '../runtime/operator-delta.ts';
import type { KeyedRowSource } from '../runtime/state/keyed-row-source.ts';
import type { Task } from '../runtime/task/task.ts';
import { buildTask, type TaskEnvironment } from '../runtime/task/task-builder.ts';
import { SinkHost } from './sink-host.ts';
import { SourceHost } from './source-host.ts';
import type { SubtaskDeltas } from './subtask-deltas.ts';

export interface JobTasksOptions {
  readonly plan: StreamGraph;
  /** The graph whose function objects belong to one subtask. */
  readonly graphOf: (index: number) => StreamGraph;
  readonly clock: Clock;
  readonly deadLetters: DeadLetterOutput;
  readonly metrics: MetricRegistry;
  /** State is collected at every commit. */
  readonly durable: boolean;
  /** Where keys are read from if keyed state is in a table. */
  readonly keyedRowsOf: ((operator: string) => KeyedRowSource) | undefined;
}

/** Sets the state of an enumerator apart from that of the readers of the same source. */
const ENUMERATOR_PREFIX = 'enumerator/';

/** A task with the subtask of each of its vertices that it runs. */
interface PlacedTask {
  readonly task: Task;
  readonly subtask: number;
  readonly vertices: readonly string[];
}

export class JobTasks {
  readonly jobGraph: JobGraph;
  readonly sources: ReadonlyMap<number, SourceHost>;
  readonly sinks: ReadonlyMap<number, SinkHost>;
  readonly tasks: readonly Task[];
  readonly #options: JobTasksOptions;
  readonly #placed: readonly PlacedTask[];
  /** Vertices of operators by the names that deltas have for them. */
  readonly #vertexOf: ReadonlyMap<string, string>;
  /** Enumerators by the names of their operators. */
  readonly #enumerators: ReadonlyMap<string, SourceHost>;

  private constructor(options: JobTasksOptions, hosts: Hosts) {
    this.#options = options;
    this.sources = hosts.sources;
    this.sinks = hosts.sinks;
    this.jobGraph = createJobGraph(options.plan);
    this.#vertexOf = new Map(
      this.jobGraph.vertices.flatMap((vertex) =>
        nodesOf(vertex).map((node) => [stateIdOf(node), vertex.id] as const),
      ),
    );
    this.#enumerators = new Map(
      [...hosts.sources].map(([nodeId, host]) => [
        stateIdOf(found(options.plan.nodes[nodeId], `operator ${nodeId}`)),
        host,
      ]),
    );
    this.#placed = this.#buildTasks();
    this.tasks = this.#placed.map(({ task }) => task);
  }

  /** Loads the connectors and builds the subtasks; nothing is started yet. */
  static async create(options: JobTasksOptions): Promise<JobTasks> {
    const sources = new Map<number, SourceHost>();
    const sinks = new Map<number, SinkHost>();
    for (const { id, spec, parallelism } of options.plan.nodes) {
      if (spec.kind === 'source') {
        const runtime = await spec.source.load();
        sources.set(id, new SourceHost(runtime, { parallelism, clock: options.clock }));
      } else if (spec.kind === 'sink') {
        sinks.set(id, new SinkHost(await spec.sink.load()));
      }
    }
    return new JobTasks(options, { sources, sinks });
  }

  /** True if keyed state is in a table: it is told as changes only. */
  get keepsRows(): boolean {
    return this.#options.keyedRowsOf !== undefined;
  }

  /** State of every subtask of the job graph, those without any included. */
  collectState(scope: StateScope): readonly SubtaskDeltas[] {
    return this.#placed.flatMap(({ task, subtask, vertices }) => {
      const deltas = Map.groupBy(this.#deltasOf(task, { subtask, scope }), ({ operator }) =>
        found(this.#vertexOf.get(operator), `operator ${operator}`),
      );
      const due = task.nextTimer();
      return vertices.map((vertex) => ({ vertex, subtask, due, deltas: deltas.get(vertex) ?? [] }));
    });
  }

  /** Takes state of a subtask in, before anything is started. */
  applyState(vertex: string, subtask: number, deltas: readonly OperatorDelta[]): void {
    const placed = this.#placed.find((one) => one.subtask === subtask && one.vertices.includes(vertex));
    found(placed, `subtask ${vertex}/${subtask}`).task.applyState(deltas);
    if (subtask !== 0) return;
    for (const { operator, states } of deltas) {
      const own = states.flatMap(withoutPrefix);
      if (own.length > 0) this.#enumerators.get(operator)?.applyState(own);
    }
  }

  #deltasOf(
    task: Task,
    { subtask, scope }: { readonly subtask: number; readonly scope: StateScope },
  ): readonly OperatorDelta[] {
    const deltas = [...task.collectState(scope)];
    if (subtask === 0) {
      for (const source of task.sources) deltas.push(this.#enumeratorDelta(source.nodeId, scope));
    }
    return deltas.filter((delta) => !isEmptyDelta(delta));
  }

  #enumeratorDelta(nodeId: number, scope: StateScope): OperatorDelta {
    const node = found(this.#options.plan.nodes[nodeId], `operator ${nodeId}`);
    const states = found(this.sources.get(nodeId), `source ${nodeId}`).collectState(scope);
    return {
      operator: stateIdOf(node),
      keyed: [],
      timers: [],
      states: states.map((state) => ({ ...state, name: ENUMERATOR_PREFIX + state.name })),
      watermark: undefined,
      keyGroupWatermarks: undefined,
    };
  }

  #buildTasks(): readonly PlacedTask[] {
    const executionGraph = createExecutionGraph(this.jobGraph);
    const fused = fuseForSingleThread(this.jobGraph);
    const environment = this.#environment(executionGraph);
    const isExchanged = (group: ChannelGroup) => !fused.fusedEdges.has(group.edge.id);
    const placed = fused.tasks.flatMap((plan) =>
      Array.from({ length: plan.parallelism }, (_, subtask): PlacedTask => {
        const subtasks = subtasksOf(executionGraph, plan, subtask);
        const inputs = subtasks.flatMap((one) => one.inputs).filter(isExchanged);
        const outputs = subtasks.flatMap((one) => one.outputs).filter(isExchanged);
        const nodeOf = this.#nodesOf(subtask);
        const task = buildTask({ task: plan, subtask, nodeOf, inputs, outputs }, environment);
        return { task, subtask, vertices: plan.vertices.map(({ id }) => id) };
      }),
    );
    for (const { task } of placed) {
      for (const source of task.sources) this.sources.get(source.nodeId)?.addReader(source);
      for (const sink of task.sinks) this.sinks.get(sink.nodeId)?.addWriter(sink);
    }
    return placed;
  }

  #nodesOf(subtask: number): (nodeId: number) => StreamNode {
    const { nodes } = subtask === 0 ? this.#options.plan : this.#options.graphOf(subtask);
    return (nodeId) => found(nodes[nodeId], `operator ${nodeId}`);
  }

  #environment(executionGraph: ExecutionGraph): TaskEnvironment {
    const { plan, clock, deadLetters, metrics, durable, keyedRowsOf } = this.#options;
    const channels = new Map(executionGraph.channels.map(({ id }) => [id, new MemoryChannel()]));
    const vertexes = new Map(
      this.jobGraph.vertices.flatMap((vertex) => nodesOf(vertex).map(({ id }) => [id, vertex])),
    );
    return {
      jobName: plan.jobName,
      onError: plan.onError,
      clock,
      random: systemRandom,
      metrics,
      deadLetters,
      trackChanges: durable,
      ...(keyedRowsOf === undefined ? {} : { keyedRowsOf }),
      vertexOf: (nodeId) => found(vertexes.get(nodeId), `operator ${nodeId}`),
      channelOf: (channelId) => found(channels.get(channelId), `channel ${channelId}`),
      sourceRuntime: (nodeId) => found(this.sources.get(nodeId), `source ${nodeId}`).runtime,
      sinkRuntime: (nodeId) => found(this.sinks.get(nodeId), `sink ${nodeId}`).runtime,
      requestSplit: (nodeId, subtask) => this.sources.get(nodeId)?.requestSplit(subtask),
    };
  }
}

interface Hosts {
  readonly sources: ReadonlyMap<number, SourceHost>;
  readonly sinks: ReadonlyMap<number, SinkHost>;
}

function withoutPrefix(state: OperatorStateDelta): readonly OperatorStateDelta[] {
  if (!state.name.startsWith(ENUMERATOR_PREFIX)) return [];
  return [{ ...state, name: state.name.slice(ENUMERATOR_PREFIX.length) }];
}

function subtasksOf(executionGraph: ExecutionGraph, task: FusedTask, subtask: number) {
  const ids = new Set(task.vertices.map(({ id }) => id));
  return executionGraph.vertices
    .filter(({ vertex }) => ids.has(vertex.id))
    .map(({ subtasks }) => found(subtasks[subtask], `subtask ${subtask}`));
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new InvariantError('INVARIANT', `The plan has no ${what}.`);
  return value;
}
