/** Builds the program of a subtask from the graph of its job. */
import type { AnySinkRuntime, AnySourceRuntime } from '../../core/connector.ts';
import { InvariantError, UserError } from '../../core/errors.ts';
import type { SubtaskId } from '../../core/log/subtask-id.ts';
import {
  type ChannelGroup,
  createExecutionGraph,
  type ExecutionGraph,
  type Subtask,
} from '../../graph/execution-graph.ts';
import { createJobGraph, type JobGraph, type JobVertex, nodesOf } from '../../graph/job-graph.ts';
import type { StreamGraph, StreamNode } from '../../graph/stream-graph.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DeadLetter, DeadLetterStore } from '../../ports/dead-letters.ts';
import type { Random } from '../../ports/random.ts';
import type { ProtocolRules } from '../../protocol/rules.ts';
import { inputChannelKey } from '../../protocol/subtask-vectors.ts';
import { MetricRegistry } from '../metrics.ts';
import type { RemoteKeyRows } from '../state/remote-key-rows.ts';
import { buildTask, type TaskEnvironment } from '../task/task-builder.ts';
import { type DrivenReader, drivenRuntime } from './driven-reader.ts';
import { InputChannel } from './input-channel.ts';
import { KeyDemand } from './key-demand.ts';
import { type KeyedHead, keyedHeadOf } from './keyed-head.ts';
import { keyGroupsBy, OutboxChannel } from './outbox-channel.ts';
import { type BudgetedReader, polledRuntime } from './polled-reader.ts';
import type { SubtaskProgram } from './subtask-program.ts';
import { TaskProgram } from './task-program.ts';
import { VersionClock } from './version-clock.ts';
import type { InputKind } from './version-maker.ts';

export interface TaskProgramOptions {
  /** Makes the graph anew: function objects belong to one program. */
  readonly newGraph: () => StreamGraph;
  readonly clock: Clock;
  readonly random: Random;
  readonly deadLetters: DeadLetterStore;
  readonly rules: ProtocolRules;
  /** Where operators count. @default a registry that nobody reads */
  readonly metrics?: MetricRegistry;
  /** The shards that a subtask of a source begins with; others are opened when they come to be. */
  readonly shardsOf: (subtask: SubtaskId) => readonly string[];
  /** Index of the subtask that reads a split of a polled source. @default there is no polled source */
  readonly readerOfSplit?: (splitId: string, parallelism: number) => number;
  /** The hosts of the programs have a table of keyed state. @default false */
  readonly hasTable?: boolean;
}

export class TaskProgramFactory {
  readonly #options: TaskProgramOptions;
  readonly #plan: StreamGraph;
  readonly #jobGraph: JobGraph;
  readonly #executionGraph: ExecutionGraph;
  readonly #vertexOf: ReadonlyMap<number, JobVertex>;
  readonly #sources = new Map<number, Promise<AnySourceRuntime<unknown>>>();
  readonly #sinks = new Map<number, Promise<AnySinkRuntime<unknown>>>();
  readonly #metrics: MetricRegistry;

  /** Throws UserError ARGUMENT_INVALID for a job whose keyed state is in a table where there is none. */
  constructor(options: TaskProgramOptions) {
    this.#options = options;
    this.#plan = options.newGraph();
    this.#metrics = options.metrics ?? new MetricRegistry();
    if (options.hasTable !== true) requireHeap(this.#plan);
    this.#jobGraph = createJobGraph(this.#plan);
    this.#executionGraph = createExecutionGraph(this.#jobGraph);
    this.#vertexOf = new Map(
      this.#jobGraph.vertices.flatMap((vertex) => nodesOf(vertex).map(({ id }) => [id, vertex] as const)),
    );
  }

  inputKindOf(vertexId: string): InputKind {
    const vertex = this.#vertex(vertexId);
    if (vertex.inputs.length > 0) return 'frames';
    return this.#isPolled(vertex) ? 'polled' : 'shards';
  }

  async create(subtask: SubtaskId): Promise<SubtaskProgram> {
    const vertex = this.#vertex(subtask.vertex);
    const place = this.#subtaskOf(subtask);
    const channels = new ProgramChannels(this.#jobGraph, place);
    const runtimes = await this.#loadRuntimes(vertex);
    const letters: DeadLetter[] = [];
    const clock = new VersionClock(this.#options.clock);
    const bounded = this.#isBounded(vertex);
    const graph = this.#options.newGraph();
    const nodeOf = (nodeId: number) => found(graph.nodes[nodeId], `operator ${nodeId}`);
    const keyed = graph.stateBackend === 'table' ? this.#keyedHead(vertex, place, nodeOf) : undefined;
    let reader: DrivenReader | BudgetedReader | undefined;
    const environment = this.#environment({
      ...{ channels, runtimes, letters, clock, bounded, rows: keyed?.rows },
      parallelism: vertex.parallelism,
      onReader: (opened) => {
        reader = opened;
      },
    });
    const task = buildTask(
      {
        task: { id: vertex.id, parallelism: vertex.parallelism, vertices: [vertex] },
        subtask: subtask.subtask,
        nodeOf,
        inputs: place.inputs,
        outputs: place.outputs,
      },
      environment,
    );
    return new TaskProgram({
      ...{ task, clock, letters, reader: () => reader, deadLetters: this.#options.deadLetters },
      inputs: channels.inputs,
      inputsOfEdge: channels.inputsOfEdge,
      outputs: [...channels.outputs.values()],
      keys: keyed && new KeyDemand(keyed.rows, keyed.edges, channels),
      shards: this.inputKindOf(vertex.id) === 'shards' ? this.#options.shardsOf(subtask) : [],
      bounded,
      stateIdOf: (nodeId) => this.#stateIdOf(nodeId),
      createCommitter: async (stateId) => {
        const node = nodesOf(vertex).find(({ id }) => this.#stateIdOf(id) === stateId);
        return node && (await runtimes.sinks.get(node.id)?.createCommitter?.());
      },
    });
  }

  #keyedHead(
    vertex: JobVertex,
    { inputs }: Subtask,
    nodeOf: (nodeId: number) => StreamNode,
  ): KeyedHead | undefined {
    const [head] = nodesOf(vertex);
    return head && keyedHeadOf(nodeOf(head.id).spec, this.#stateIdOf(head.id), inputs);
  }

  #environment(parts: EnvironmentParts): TaskEnvironment {
    const { channels, runtimes, letters, clock, rows } = parts;
    const { random, rules } = this.#options;
    return {
      jobName: this.#plan.jobName,
      onError: this.#plan.onError,
      ...{ clock, random, metrics: this.#metrics },
      trackChanges: true,
      freezeState: rules.guardsStateValues(),
      deadLetters: { write: (letter) => void letters.push(letter) },
      vertexOf: (nodeId) => found(this.#vertexOf.get(nodeId), `operator ${nodeId}`),
      channelOf: (id) => found(channels.byId.get(id), `channel ${id}`),
      sourceRuntime: (nodeId) => this.#sourceRuntime(nodeId, parts),
      sinkRuntime: (nodeId) => found(runtimes.sinks.get(nodeId), `sink ${nodeId}`),
      requestSplit: () => {},
      keyedRowsOf: (stateId) => (stateId === rows?.operator ? rows : undefined),
    };
  }

  #sourceRuntime(
    nodeId: number,
    { runtimes, bounded, parallelism, onReader }: EnvironmentParts,
  ): AnySourceRuntime<unknown> {
    const runtime = found(runtimes.sources.get(nodeId), `source ${nodeId}`);
    const { name, spec } = this.#node(nodeId);
    if (spec.kind !== 'source' || spec.source.polled !== true) {
      return drivenRuntime(runtime, { name, bounded }, onReader);
    }
    const readerOf = this.#options.readerOfSplit;
    const contextOf = (subtask: number) => ({
      subtask,
      parallelism,
      owns: (split: string) => readerOf?.(split, parallelism) === subtask,
    });
    return polledRuntime(runtime, { name, contextOf }, onReader);
  }

  async #loadRuntimes(vertex: JobVertex): Promise<Runtimes> {
    const sources = new Map<number, AnySourceRuntime<unknown>>();
    const sinks = new Map<number, AnySinkRuntime<unknown>>();
    for (const { id } of nodesOf(vertex)) {
      const { spec } = this.#node(id);
      if (spec.kind === 'source') sources.set(id, await once(this.#sources, id, () => spec.source.load()));
      if (spec.kind === 'sink') sinks.set(id, await once(this.#sinks, id, () => spec.sink.load()));
    }
    return { sources, sinks };
  }

  #isBounded(vertex: JobVertex): boolean {
    const specs = nodesOf(vertex).map(({ id }) => this.#node(id).spec);
    return specs.every((spec) => spec.kind !== 'source' || spec.source.boundedness === 'bounded');
  }

  #isPolled(vertex: JobVertex): boolean {
    const specs = nodesOf(vertex).map(({ id }) => this.#node(id).spec);
    return specs.some((spec) => spec.kind === 'source' && spec.source.polled === true);
  }

  #stateIdOf(nodeId: number): string {
    return this.#node(nodeId).uid ?? `#${nodeId}`;
  }

  #node(nodeId: number): StreamNode {
    return found(this.#plan.nodes[nodeId], `operator ${nodeId}`);
  }

  #vertex(vertexId: string): JobVertex {
    const vertex = this.#jobGraph.vertices.find(({ id }) => id === vertexId);
    return found(vertex, `vertex ${vertexId}`);
  }

  #subtaskOf({ vertex, subtask }: SubtaskId): Subtask {
    const expanded = this.#executionGraph.vertices.find((one) => one.vertex.id === vertex);
    return found(expanded?.subtasks[subtask], `subtask ${vertex}/${subtask}`);
  }
}

function requireHeap({ jobName, stateBackend }: StreamGraph): void {
  if (stateBackend === 'heap') return;
  throw new UserError(
    'ARGUMENT_INVALID',
    `Job '${jobName}' keeps its keyed state in a table (state backend '${stateBackend}'), and there is no ` +
      "table for it. Use the backend 'heap', or deploy the job with a state table.",
    { context: { jobName } },
  );
}

interface Runtimes {
  readonly sources: ReadonlyMap<number, AnySourceRuntime<unknown>>;
  readonly sinks: ReadonlyMap<number, AnySinkRuntime<unknown>>;
}

interface EnvironmentParts {
  readonly channels: ProgramChannels;
  readonly runtimes: Runtimes;
  readonly letters: DeadLetter[];
  readonly clock: VersionClock;
  readonly rows: RemoteKeyRows | undefined;
  readonly bounded: boolean;
  readonly parallelism: number;
  readonly onReader: (reader: DrivenReader | BudgetedReader) => void;
}

/** The channels of one subtask. */
class ProgramChannels {
  readonly byId = new Map<string, InputChannel | OutboxChannel>();
  readonly inputs = new Map<string, InputChannel>();
  readonly inputsOfEdge = new Map<string, readonly InputChannel[]>();
  readonly outputs = new Map<string, OutboxChannel>();

  constructor(jobGraph: JobGraph, { inputs, outputs }: Subtask) {
    for (const { edge, channels } of inputs) {
      const ofEdge = channels.map(({ id, sourceVertexId, sourceSubtask }) => {
        const channel = new InputChannel();
        this.byId.set(id, channel);
        this.inputs.set(inputChannelKey(`${sourceVertexId}/${sourceSubtask}`, edge.id), channel);
        return channel;
      });
      this.inputsOfEdge.set(edge.id, ofEdge);
    }
    for (const group of outputs) this.#addOutputs(jobGraph, group);
  }

  #addOutputs(jobGraph: JobGraph, { edge, channels }: ChannelGroup): void {
    const target = jobGraph.vertices.find(({ id }) => id === edge.targetVertexId);
    const { maxParallelism } = found(target, `vertex ${edge.targetVertexId}`);
    const { partitioner } = edge;
    const keyGroup =
      partitioner.kind === 'hash' ? keyGroupsBy(partitioner.keySelector, maxParallelism) : () => -1;
    for (const { id, targetVertexId, targetSubtask } of channels) {
      const channel = new OutboxChannel({
        target: `${targetVertexId}/${targetSubtask}`,
        edge: edge.id,
        keyGroup,
      });
      this.byId.set(id, channel);
      this.outputs.set(id, channel);
    }
  }
}

function once<T>(loaded: Map<number, Promise<T>>, id: number, load: () => Promise<T>): Promise<T> {
  let loading = loaded.get(id);
  if (loading === undefined) {
    loading = load();
    loaded.set(id, loading);
  }
  return loading;
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new InvariantError('INVARIANT', `The plan has no ${what}.`);
  return value;
}
