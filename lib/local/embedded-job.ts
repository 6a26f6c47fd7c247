/**
 * EmbeddedJob: a whole job in this process, on one thread.
 *
 * Owns the subtasks, the channels between them, the enumerators and committers, and the loop that gives
 * every subtask its turn. Output becomes visible only through `commit`; a failing job closes its writers
 * without it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MemoryChannel } from '../adapters/memory/memory-channel.ts';
import { InvariantError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { type ChannelGroup, createExecutionGraph, type ExecutionGraph } from '../graph/execution-graph.ts';
import { type FusedTask, fuseForSingleThread } from '../graph/fusion.ts';
import { createJobGraph, type JobVertex, nodesOf } from '../graph/job-graph.ts';
import type { StreamGraph, StreamNode } from '../graph/stream-graph.ts';
import type { Clock } from '../ports/clock.ts';
import type { DeadLetterOutput } from '../ports/dead-letters.ts';
import { MetricRegistry } from '../runtime/metrics.ts';
import type { Task } from '../runtime/task/task.ts';
import { buildTask, type TaskEnvironment } from '../runtime/task/task-builder.ts';
import { SinkHost } from './sink-host.ts';
import { SourceHost } from './source-host.ts';

/** What a job runs with. */
export interface EmbeddedJobOptions {
  readonly plan: StreamGraph;
  /**
   * The graph whose function objects belong to one subtask; the descriptors of sources and sinks come from
   * `plan`.
   */
  readonly graphOf: (index: number) => StreamGraph;
  readonly overwrite: boolean;
  readonly clock: Clock;
  readonly deadLetters: DeadLetterOutput;
  readonly signal: AbortSignal | undefined;
}

export class EmbeddedJob {
  readonly metrics = new MetricRegistry();
  readonly #options: EmbeddedJobOptions;
  readonly #sources = new Map<number, SourceHost>();
  readonly #sinks = new Map<number, SinkHost>();
  #tasks: readonly Task[] = [];
  #lastCommit = 0;
  #lastTurn = 0;
  /** Set while the scheduler sleeps. */
  #awake: AbortController | undefined;
  #sourceReady = false;

  constructor(options: EmbeddedJobOptions) {
    this.#options = options;
  }

  /** Runs to the end of the input (true) or until the signal aborts (false). */
  async run(): Promise<boolean> {
    try {
      await this.#open();
      const finished = await this.#loop();
      for (const sink of this.#sinks.values()) await sink.prepareCommit(true);
      await this.#commit();
      await this.#close();
      return finished;
    } catch (error) {
      // What closing adds to a failure would only hide it.
      await this.#close().catch(() => undefined);
      throw error;
    }
  }

  async #open(): Promise<void> {
    const { plan, overwrite, clock } = this.#options;
    for (const node of plan.nodes) {
      if (node.spec.kind !== 'source') continue;
      const host = new SourceHost(await node.spec.source.load(), { parallelism: node.parallelism, clock });
      this.#sources.set(node.id, host);
      await host.start();
    }
    // After the sources: old output is not removed for a job whose input is missing.
    for (const node of plan.nodes) {
      if (node.spec.kind !== 'sink') continue;
      const runtime = await node.spec.sink.load();
      const operatorUid = node.uid ?? node.name;
      await runtime.prepare?.({ jobName: plan.jobName, operatorUid, overwrite });
      this.#sinks.set(node.id, new SinkHost(runtime));
    }
    this.#tasks = this.#buildTasks();
    for (const task of this.#tasks.toReversed()) await task.open();
    this.#lastCommit = clock.now();
    this.#lastTurn = clock.now();
  }

  #buildTasks(): readonly Task[] {
    const jobGraph = createJobGraph(this.#options.plan);
    const executionGraph = createExecutionGraph(jobGraph);
    const fused = fuseForSingleThread(jobGraph);
    const environment = this.#environment(jobGraph.vertices, executionGraph);
    const isExchanged = (group: ChannelGroup) => !fused.fusedEdges.has(group.edge.id);
    const tasks = fused.tasks.flatMap((task) =>
      Array.from({ length: task.parallelism }, (_, subtask) => {
        const subtasks = subtasksOf(executionGraph, task, subtask);
        const inputs = subtasks.flatMap((one) => one.inputs).filter(isExchanged);
        const outputs = subtasks.flatMap((one) => one.outputs).filter(isExchanged);
        return buildTask({ task, subtask, nodeOf: this.#nodesOf(subtask), inputs, outputs }, environment);
      }),
    );
    for (const task of tasks) this.#register(task);
    return tasks;
  }

  #register(task: Task): void {
    task.onSourceReady(() => {
      this.#sourceReady = true;
      this.#awake?.abort();
    });
    for (const source of task.sources) this.#sources.get(source.nodeId)?.addReader(source);
    for (const sink of task.sinks) this.#sinks.get(sink.nodeId)?.addWriter(sink);
  }

  #nodesOf(subtask: number): (nodeId: number) => StreamNode {
    const { nodes } = subtask === 0 ? this.#options.plan : this.#options.graphOf(subtask);
    return (nodeId) => found(nodes[nodeId], `operator ${nodeId}`);
  }

  #environment(vertices: readonly JobVertex[], executionGraph: ExecutionGraph): TaskEnvironment {
    const { plan, clock, deadLetters } = this.#options;
    const channels = new Map(executionGraph.channels.map(({ id }) => [id, new MemoryChannel()]));
    const vertexes = new Map(vertices.flatMap((vertex) => nodesOf(vertex).map(({ id }) => [id, vertex])));
    return {
      jobName: plan.jobName,
      onError: plan.onError,
      clock,
      random: { next: Math.random },
      metrics: this.metrics,
      deadLetters,
      vertexOf: (nodeId) => found(vertexes.get(nodeId), `operator ${nodeId}`),
      channelOf: (channelId) => found(channels.get(channelId), `channel ${channelId}`),
      sourceRuntime: (nodeId) => found(this.#sources.get(nodeId), `source ${nodeId}`).runtime,
      sinkRuntime: (nodeId) => found(this.#sinks.get(nodeId), `sink ${nodeId}`).runtime,
      requestSplit: (nodeId, subtask) => this.#sources.get(nodeId)?.requestSplit(subtask),
    };
  }

  async #loop(): Promise<boolean> {
    const { signal, clock } = this.#options;
    while (!this.#tasks.every((task) => task.finished)) {
      const stopping = signal?.aborted === true;
      const progressed = await this.#runTasks(!stopping);
      if (stopping && !progressed) return false;
      const now = clock.now();
      if (now - this.#lastCommit >= LIMITS.commitIntervalMs) await this.#publish(now);
      if (!progressed) await this.#rest(now);
      else if (now - this.#lastTurn >= LIMITS.schedulerTurnMs) await nextTurn();
      else continue;
      this.#lastTurn = clock.now();
    }
    return true;
  }

  /** One turn for everybody; false if nobody had anything to do. */
  async #runTasks(readSources: boolean): Promise<boolean> {
    const now = this.#options.clock.now();
    let progressed = false;
    for (const source of this.#sources.values()) if (source.advance(now)) progressed = true;
    for (const task of this.#tasks) {
      if (task.finished) continue;
      if (task.hasCapacity()) {
        if (readSources && task.advanceTime(now)) progressed = true;
        if (task.runBatch(readSources)) progressed = true;
      }
      for (const sink of task.sinks) if (sink.needsFlush()) await sink.flush(false);
      if (task.inputEnded) {
        await task.finish();
        progressed = true;
      }
    }
    return progressed;
  }

  /**
   * Publishes what rolling policies have closed. A bounded job publishes everything at its end instead: if it
   * fails, nothing is visible.
   */
  async #publish(now: number): Promise<void> {
    this.#lastCommit = now;
    await this.#flushPending();
    if (this.#isBounded()) return;
    for (const sink of this.#sinks.values()) await sink.prepareCommit(false);
    await this.#commit();
  }

  #isBounded(): boolean {
    return this.#options.plan.nodes.every(
      ({ spec }) => spec.kind !== 'source' || spec.source.boundedness === 'bounded',
    );
  }

  async #flushPending(): Promise<void> {
    for (const sink of this.#tasks.flatMap((task) => task.sinks)) {
      if (sink.pendingBytes() > 0) await sink.flush(false);
    }
  }

  async #commit(): Promise<void> {
    for (const sink of this.#sinks.values()) await sink.commit();
  }

  /** Nothing to do: what writers hold goes out, then everybody sleeps. */
  async #rest(now: number): Promise<void> {
    await this.#flushPending();
    await this.#wait(now);
  }

  /** Sleeps until a source has data, a timer is due or the signal aborts. */
  async #wait(now: number): Promise<void> {
    const due = [
      ...this.#tasks.map((task) => task.nextTimer()),
      ...[...this.#sources.values()].map((s) => s.nextDue()),
    ];
    const waitMs = due.reduce<number>(
      (shortest, time) => (time === undefined ? shortest : Math.min(shortest, Math.max(0, time - now))),
      LIMITS.schedulerWaitMsMax,
    );
    const awake = new AbortController();
    const signals =
      this.#options.signal === undefined ? [awake.signal] : [awake.signal, this.#options.signal];
    this.#awake = awake;
    if (!this.#sourceReady) await this.#options.clock.sleep(waitMs, AbortSignal.any(signals));
    this.#awake = undefined;
    this.#sourceReady = false;
    // A source that is ready again at once must not keep signals and I/O from their turn.
    await nextTurn();
  }

  async #close(): Promise<void> {
    const results = await Promise.allSettled([
      ...this.#tasks.map((task) => task.close()),
      ...[...this.#sources.values()].map((source) => source.close()),
    ]);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
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
