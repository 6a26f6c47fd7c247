/**
 * Builds one subtask of a fused task: operators from the last to the first, joined by plain calls inside
 * the task, by gates where several edges or channels meet, and by exchanges where records leave the task.
 */
import type { AnySinkRuntime, AnySourceRuntime } from '../../core/connector.ts';
import { InvariantError } from '../../core/errors.ts';
import type { ChannelGroup } from '../../graph/execution-graph.ts';
import type { FusedTask } from '../../graph/fusion.ts';
import { type JobVertex, nodesOf } from '../../graph/job-graph.ts';
import type { ErrorPolicy } from '../../graph/operator-spec.ts';
import type { StreamNode } from '../../graph/stream-graph.ts';
import type { Channel } from '../../ports/channel.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DeadLetterOutput } from '../../ports/dead-letters.ts';
import type { Random } from '../../ports/random.ts';
import { createOperator } from '../create-operator.ts';
import type { MetricRegistry } from '../metrics.ts';
import type { Input, Operator, OperatorContext, OperatorIdentity, UserCodeCursor } from '../operator.ts';
import type { KeyedRowSource } from '../state/keyed-row-source.ts';
import { createChannelSelector } from './channel-selector.ts';
import { ExchangeOutput } from './exchange-output.ts';
import { fanOut } from './fan-out.ts';
import { InputGate } from './input-gate.ts';
import { firingBarrier, RecordGuard } from './record-guard.ts';
import { SinkOperator } from './sink-operator.ts';
import { SourceOperator } from './source-operator.ts';
import { Task, type TaskChannel } from './task.ts';
import { TaskTimeService } from './task-time-service.ts';
import { UndoJournal } from './undo-journal.ts';

/** What every subtask of a job shares. */
export interface TaskEnvironment {
  readonly jobName: string;
  readonly onError: ErrorPolicy;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: MetricRegistry;
  readonly deadLetters: DeadLetterOutput;
  /** Vertex of every operator. */
  readonly vertexOf: (nodeId: number) => JobVertex;
  readonly channelOf: (channelId: string) => Channel;
  readonly sourceRuntime: (nodeId: number) => AnySourceRuntime<unknown>;
  readonly sinkRuntime: (nodeId: number) => AnySinkRuntime<unknown>;
  readonly requestSplit: (nodeId: number, subtask: number) => void;
  /** Where an operator's keys are read from if keyed state is kept in a table; undefined: it is in memory. */
  readonly keyedRowsOf?: (stateId: string) => KeyedRowSource | undefined;
  /** Operators remember what changes in their state. */
  readonly trackChanges: boolean;
  /** Values of state are frozen, so that a change without update fails. @default false */
  readonly freezeState?: boolean;
}

/** One subtask to build. */
export interface TaskPlan {
  readonly task: FusedTask;
  readonly subtask: number;
  /** The operators with the function objects of this subtask. */
  readonly nodeOf: (nodeId: number) => StreamNode;
  /** Channels into and out of this subtask; groups of fused edges are absent. */
  readonly inputs: readonly ChannelGroup[];
  readonly outputs: readonly ChannelGroup[];
}

interface DirectEdge {
  readonly targetId: number;
  readonly inputIndex: 0 | 1;
  readonly sideOutputId: string | undefined;
}

/** Builds the subtask; nothing is opened yet. */
export function buildTask(plan: TaskPlan, environment: TaskEnvironment): Task {
  return new TaskBuilder(plan, environment).build();
}

class TaskBuilder {
  readonly #plan: TaskPlan;
  readonly #environment: TaskEnvironment;
  readonly #nodes: readonly StreamNode[];
  readonly #time: TaskTimeService;
  readonly #cursor: UserCodeCursor = { operator: undefined };
  readonly #journal: UndoJournal | undefined;
  readonly #guard: RecordGuard | undefined;
  readonly #directEdges = new Map<number, DirectEdge[]>();
  readonly #inputCounts = new Map<string, number>();
  readonly #gates = new Map<string, { readonly gate: InputGate; next: number }>();
  readonly #operators = new Map<number, Operator>();
  /** By the node that feeds them. */
  readonly #exchanges = new Map<number, ExchangeOutput[]>();
  readonly #currentPosition = () => this.#task?.currentPosition() ?? 'an unknown record';
  #task: Task | undefined;

  constructor(plan: TaskPlan, environment: TaskEnvironment) {
    this.#plan = plan;
    this.#environment = environment;
    this.#time = new TaskTimeService(environment.clock);
    this.#nodes = plan.task.vertices
      .flatMap((vertex) => nodesOf(vertex))
      .sort((a, b) => a.id - b.id)
      .map((node) => plan.nodeOf(node.id));
    if (this.#nodes.some((node) => this.#policyOf(node) === 'dead-letter')) {
      this.#journal = new UndoJournal();
      this.#guard = new RecordGuard({
        journal: this.#journal,
        cursor: this.#cursor,
        deadLetters: environment.deadLetters,
        deadCounter: environment.metrics.counter(plan.task.id, 'numRecordsInErrors'),
        currentPosition: this.#currentPosition,
      });
    }
    this.#indexEdges();
  }

  build(): Task {
    for (const node of this.#nodes.toReversed()) this.#operators.set(node.id, this.#createOperator(node));
    const operators = this.#nodes.map((node) => ({
      operator: this.#operatorOf(node.id),
      identity: this.#identityOf(node),
      stateId: stateIdOf(node),
      exchanges: this.#exchanges.get(node.id) ?? [],
    }));
    this.#task = new Task({
      name: `${this.#plan.task.id} (${this.#plan.subtask + 1}/${this.#plan.task.parallelism})`,
      operators,
      exchanges: [...this.#exchanges.values()].flat(),
      channels: this.#taskChannels(),
      gates: this.#gatesInOrder(),
      time: this.#time,
      cursor: this.#cursor,
    });
    return this.#task;
  }

  #indexEdges(): void {
    const inTask = new Set(this.#nodes.map(({ id }) => id));
    for (const node of this.#nodes) {
      for (const { sourceId, inputIndex, sideOutputId } of node.inputs) {
        if (!inTask.has(sourceId)) continue;
        const edges = this.#directEdges.get(sourceId) ?? [];
        edges.push({ targetId: node.id, inputIndex, sideOutputId });
        this.#directEdges.set(sourceId, edges);
        this.#countInputs(node.id, inputIndex, 1);
      }
    }
    for (const { edge, channels } of this.#plan.inputs) {
      this.#countInputs(edge.targetNodeId, edge.inputIndex, channels.length);
    }
  }

  #countInputs(nodeId: number, inputIndex: 0 | 1, more: number): void {
    const key = inputKey(nodeId, inputIndex);
    this.#inputCounts.set(key, (this.#inputCounts.get(key) ?? 0) + more);
  }

  #createOperator(node: StreamNode): Operator {
    const context = this.#contextOf(node);
    const { sourceRuntime, sinkRuntime, requestSplit, deadLetters } = this.#environment;
    if (node.spec.kind === 'sink') {
      return new SinkOperator(context, {
        nodeId: node.id,
        runtime: sinkRuntime(node.id),
        deadLetters,
        currentPosition: this.#currentPosition,
      });
    }
    if (node.spec.kind !== 'source') return createOperator(node.spec, context);
    return new SourceOperator(context, {
      nodeId: node.id,
      runtime: sourceRuntime(node.id),
      watermarks: node.spec.watermarks,
      deadLetters,
      requestSplit: () => requestSplit(node.id, this.#plan.subtask),
      guard: this.#guard,
    });
  }

  #contextOf(node: StreamNode): OperatorContext {
    const identity = this.#identityOf(node);
    const { metrics, jobName } = this.#environment;
    const label = node.uid ?? `${node.name}#${node.id}`;
    const sides = this.#sideOutputsOf(node);
    return {
      ...identity,
      jobName,
      subtask: this.#plan.subtask,
      parallelism: this.#plan.task.parallelism,
      maxParallelism: this.#environment.vertexOf(node.id).maxParallelism,
      output: this.#outputOf(node, [...sides.values()]),
      sideOutput: (tagId) => sides.get(tagId),
      processingTime: this.#time,
      cursor: this.#cursor,
      counter: (name) => metrics.counter(label, name),
      journal: this.#journal,
      freezeState: this.#environment.freezeState ?? false,
      stateId: stateIdOf(node),
      trackChanges: this.#environment.trackChanges,
      keyedRows: this.#environment.keyedRowsOf?.(stateIdOf(node)),
    };
  }

  #identityOf(node: StreamNode): OperatorIdentity {
    return {
      operatorName: node.name,
      operatorUid: node.uid,
      location: node.location,
      onError: this.#policyOf(node),
    };
  }

  #policyOf(node: StreamNode): ErrorPolicy {
    return node.onError ?? this.#environment.onError;
  }

  #outputOf(node: StreamNode, sides: readonly Input[]): Input {
    const output = fanOut(this.#targetsOf(node, undefined), sides);
    const emitsWatermarks = node.spec.kind === 'source' || node.spec.kind === 'timestampsAndWatermarks';
    return this.#journal !== undefined && emitsWatermarks ? firingBarrier(output) : output;
  }

  #sideOutputsOf(node: StreamNode): ReadonlyMap<string, Input> {
    const ids = new Set<string>();
    for (const { sideOutputId } of this.#directEdges.get(node.id) ?? [])
      if (sideOutputId !== undefined) ids.add(sideOutputId);
    for (const { edge } of this.#plan.outputs) {
      if (edge.sourceNodeId === node.id && edge.sideOutputId !== undefined) ids.add(edge.sideOutputId);
    }
    return new Map([...ids].map((id) => [id, fanOut(this.#targetsOf(node, id), [])]));
  }

  #targetsOf(node: StreamNode, sideOutputId: string | undefined): readonly Input[] {
    const direct = (this.#directEdges.get(node.id) ?? [])
      .filter((edge) => edge.sideOutputId === sideOutputId)
      .map((edge) => this.#directTarget(node, edge));
    const exchanges = this.#plan.outputs
      .filter(({ edge }) => edge.sourceNodeId === node.id && edge.sideOutputId === sideOutputId)
      .map((group) => this.#exchange(group));
    return [...direct, ...exchanges];
  }

  #directTarget(source: StreamNode, { targetId, inputIndex }: DirectEdge): Input {
    const entry = this.#entryOf(targetId, inputIndex);
    const { vertexOf } = this.#environment;
    const crossesVertex = vertexOf(source.id) !== vertexOf(targetId);
    return this.#guard !== undefined && crossesVertex ? this.#guard.guarded(entry) : entry;
  }

  #exchange({ edge, channels }: ChannelGroup): ExchangeOutput {
    const { random, vertexOf, channelOf } = this.#environment;
    const targetVertex = vertexOf(edge.targetNodeId);
    const target = this.#plan.nodeOf(edge.targetNodeId);
    const exchange = new ExchangeOutput({
      channels: channels.map(({ id }) => channelOf(id)),
      select: createChannelSelector({
        partitioner: edge.partitioner,
        channels: channels.length,
        subtask: this.#plan.subtask,
        maxParallelism: targetVertex.maxParallelism,
        operatorName: target.name,
        random,
      }),
      journal: this.#journal,
      cursor: this.#cursor,
      downstream: this.#identityOf(target),
    });
    const siblings = this.#exchanges.get(edge.sourceNodeId) ?? [];
    this.#exchanges.set(edge.sourceNodeId, [...siblings, exchange]);
    return exchange;
  }

  #taskChannels(): readonly TaskChannel[] {
    return this.#plan.inputs.flatMap(({ edge, channels }) =>
      channels.map(({ id, sourceSubtask }) => {
        const entry = this.#entryOf(edge.targetNodeId, edge.inputIndex);
        return {
          channel: this.#environment.channelOf(id),
          input: this.#guard === undefined ? entry : this.#guard.guarded(entry),
          label: `the channel from ${edge.sourceVertexId} (subtask ${sourceSubtask + 1})`,
        };
      }),
    );
  }

  /** Where one edge or channel enters an operator: its input, or a side of the gate in front of it. */
  #entryOf(nodeId: number, inputIndex: 0 | 1): Input {
    const input = this.#operatorOf(nodeId).inputs[inputIndex];
    if (input === undefined) {
      throw new InvariantError('INVARIANT', `Operator ${nodeId} has no input ${inputIndex}.`);
    }
    const key = inputKey(nodeId, inputIndex);
    const count = this.#inputCounts.get(key) ?? 1;
    if (count === 1) return input;
    let entry = this.#gates.get(key);
    if (entry === undefined) {
      entry = { gate: new InputGate(input, count), next: 0 };
      this.#gates.set(key, entry);
    }
    return entry.gate.channelInput(entry.next++);
  }

  #gatesInOrder(): readonly InputGate[] {
    const ofNode = (id: number) => [this.#gates.get(inputKey(id, 0)), this.#gates.get(inputKey(id, 1))];
    return this.#nodes.flatMap(({ id }) => ofNode(id)).flatMap((entry) => entry?.gate ?? []);
  }

  #operatorOf(nodeId: number): Operator {
    const operator = this.#operators.get(nodeId);
    if (operator === undefined)
      throw new InvariantError('INVARIANT', `Operator ${nodeId} was not built yet.`);
    return operator;
  }
}

/** How deltas name the operator of a node. */
function stateIdOf({ uid, id }: StreamNode): string {
  return uid ?? `#${id}`;
}

function inputKey(nodeId: number, inputIndex: 0 | 1): string {
  return `${nodeId}:${inputIndex}`;
}
