/**
 * TaskProgram: one subtask of one vertex of a job, as a task whose channels are frames.
 *
 * 1. What it produces stays in its outbox channels and its sinks until `collect`; nothing leaves the process
 *    before (I5, I16).
 * 2. A task that is built anew knows its state but not the past of its channels: `open` tells it, and what
 *    the operators repeat because of that is not produced again.
 */
import type { Committer } from '../../core/connector.ts';
import { InvariantError, RetryableError } from '../../core/errors.ts';
import { parseCommittableId } from '../../core/log/committable-id.ts';
import { DEAD_LETTERS, type SinkIntent } from '../../core/log/entry-payload.ts';
import type { Frame, WatermarkHint } from '../../core/log/frame.ts';
import type { OperatorDelta } from '../../core/log/state-delta.ts';
import { MAX_WATERMARK, MIN_TIMESTAMP } from '../../core/time.ts';
import type { DeadLetter, DeadLetterStore } from '../../ports/dead-letters.ts';
import { isDrained, notedShards } from '../../protocol/drain.ts';
import { inputChannelKey } from '../../protocol/subtask-vectors.ts';
import type { Task } from '../task/task.ts';
import { DrivenReader } from './driven-reader.ts';
import type { InputChannel } from './input-channel.ts';
import type { KeyDemand, TableState } from './key-demand.ts';
import type { OutboxChannel } from './outbox-channel.ts';
import { BudgetedReader, type PollBudget } from './polled-reader.ts';
import type {
  OutputWatermark,
  PreparedEffect,
  ProgramChanges,
  ProgramStart,
  ShardChange,
  SubtaskProgram,
} from './subtask-program.ts';
import type { VersionClock } from './version-clock.ts';

/** The parts of a program, all built, none opened. */
export interface TaskProgramParts {
  readonly task: Task;
  readonly clock: VersionClock;
  /** By `inputChannelKey`. */
  readonly inputs: ReadonlyMap<string, InputChannel>;
  /** The input channels of each edge. */
  readonly inputsOfEdge: ReadonlyMap<string, readonly InputChannel[]>;
  readonly outputs: readonly OutboxChannel[];
  /** Set if keyed state is in a table. */
  readonly keys: KeyDemand | undefined;
  /** Shards that a source begins with; empty if the vertex reads channels. */
  readonly shards: readonly string[];
  /** The source ends when its shards have. */
  readonly bounded: boolean;
  readonly reader: () => DrivenReader | BudgetedReader | undefined;
  /** Letters written by the task and not collected yet. */
  readonly letters: DeadLetter[];
  readonly deadLetters: DeadLetterStore;
  /** How deltas name an operator. */
  readonly stateIdOf: (nodeId: number) => string;
  /** Of the sink with this name. */
  readonly createCommitter: (stateId: string) => Promise<Committer<unknown> | undefined>;
}

export class TaskProgram implements SubtaskProgram {
  readonly #parts: TaskProgramParts;
  readonly #committers = new Map<string, Committer<unknown> | undefined>();
  readonly #shards: Set<string>;
  readonly #endedShards = new Set<string>();
  #ending = false;
  /** Another process has read on in the splits that this one reads. */
  #outdated = false;
  /** Nothing had changed when changes were last collected. */
  #quiet = false;

  constructor(parts: TaskProgramParts) {
    this.#parts = parts;
    this.#shards = new Set(parts.shards);
  }

  get tableState(): TableState | undefined {
    return this.#parts.keys;
  }

  applyState(deltas: readonly OperatorDelta[]): void {
    // Where its reader stands is told to the reader only when it is opened.
    if (deltas.length > 0 && this.#parts.reader() instanceof BudgetedReader) this.#outdated = true;
    this.#parts.task.applyState(deltas);
  }

  async open(start: ProgramStart): Promise<void> {
    const { task, clock } = this.#parts;
    clock.set(start.processingTime);
    await task.open();
    for (const shard of notedShards(start.watermarks)) {
      this.#shards.add(shard);
      if (start.watermarks.get(inputChannelKey(shard, ''))?.ended === true) this.#endedShards.add(shard);
    }
    this.#addShards([...this.#shards].filter((shard) => !this.#endedShards.has(shard)));
    this.#endSourceIfDone(isDrained(start.watermarks));
    this.#tellPast(start);
  }

  async catchUp(start: ProgramStart): Promise<boolean> {
    const { clock } = this.#parts;
    if (this.#outdated) return false;
    clock.set(start.processingTime);
    this.#quiet = false;
    // Another process may have opened a shard, or read one to its end.
    const noted = notedShards(start.watermarks);
    this.#addShards(noted);
    for (const shard of noted) {
      if (start.watermarks.get(inputChannelKey(shard, ''))?.ended === true) this.#closeShard(shard);
    }
    this.#endSourceIfDone(isDrained(start.watermarks));
    this.#tellPast(start);
    return true;
  }

  #tellPast({ watermarks, version }: ProgramStart): void {
    const { inputs, task, outputs, keys } = this.#parts;
    keys?.restart();
    // Idle channels first: they must not hold back what the others have reached.
    const known = [...watermarks].sort(([, a], [, b]) => Number(b.idle) - Number(a.idle));
    for (const [key, past] of known) inputs.get(key)?.offerPast(past);
    task.resumeChannels();
    this.#runSource();
    if (version > 0) forgetOutput(outputs);
    // The version in which the last input ended is the one in which the operators finished.
    if (watermarks.size > 0 && task.inputEnded) task.resumeFinished();
  }

  advanceTime(processingTime: number): boolean {
    this.#parts.clock.set(processingTime);
    return this.#parts.task.advanceTime(processingTime);
  }

  processFrame({ upstream, edge, runs, endOfInput }: Frame): void {
    this.#input(upstream, edge).offerInput({ runs, endOfInput });
    this.#runChannels();
  }

  processInherited({ edge, runs, upstream }: Frame): void {
    const channel = this.#parts.inputsOfEdge.get(edge)?.[0];
    if (channel === undefined) throw unknownChannel(upstream, edge);
    channel.offerRecords(runs);
    this.#runChannels();
  }

  processHint({ upstream, edge, watermark, idle }: WatermarkHint): void {
    const runs = [{ watermark, idle, records: [] }];
    this.#input(upstream, edge).offerInput({ runs, endOfInput: false });
    this.#runChannels();
  }

  processRecords(shardId: string, records: Parameters<DrivenReader['offer']>[1]): void {
    const reader = this.#openReader();
    if (!reader.knows(shardId)) throw unregisteredShard(shardId);
    reader.offer(shardId, records);
    this.#runSource();
  }

  async poll(budget: PollBudget): Promise<boolean> {
    const reader = this.#parts.reader();
    if (!(reader instanceof BudgetedReader)) throw noReader('A look for records');
    if (this.inputEnded) return false;
    await reader.grant(budget);
    while (!reader.drained) {
      this.#parts.task.runBatch(true);
      await reader.prepare();
    }
    reader.withdraw();
    return !this.inputEnded;
  }

  endShard(shardId: string): void {
    this.#closeShard(shardId);
    this.#endSourceIfDone();
    this.#runSource();
  }

  reshard({ opened, ended }: ShardChange): void {
    // First what follows, so that its watermark is waited for before the ended shards are forgotten.
    this.#addShards(opened);
    this.#runSource();
    for (const shard of ended) this.#closeShard(shard);
    this.#runSource();
  }

  #addShards(shards: readonly string[]): void {
    for (const shard of shards) this.#shards.add(shard);
    const open = shards.filter((shard) => !this.#endedShards.has(shard));
    if (open.length > 0) this.#openReader().addSplits(open.map((splitId) => ({ splitId })));
  }

  #closeShard(shard: string): void {
    if (this.#endedShards.has(shard)) return;
    this.#addShards([shard]);
    this.#openReader().endShard(shard);
    this.#endedShards.add(shard);
  }

  endInput(): void {
    this.#endSourceIfDone(true);
    this.#runSource();
  }

  #endSourceIfDone(drained = false): void {
    const reader = this.#parts.reader();
    if (this.#ending || reader === undefined) return;
    const ended = this.#shards.size > 0 && this.#shards.size === this.#endedShards.size;
    const done = this.#parts.bounded && ended;
    if (!done && !drained) return;
    this.#ending = true;
    if (drained) reader.endInput();
    else reader.notifyNoMoreSplits();
  }

  async settle(): Promise<void> {
    for (const sink of this.#parts.task.sinks) if (sink.needsFlush()) await sink.flush(false);
  }

  get inputEnded(): boolean {
    return this.#parts.task.inputEnded;
  }

  get watermark(): number | undefined {
    const { inputs, task } = this.#parts;
    const active = [...inputs.values()].filter(({ idle }) => !idle);
    const sources = task.sources.filter(({ idle }) => !idle);
    const lowest = Math.min(MAX_WATERMARK, ...[...active, ...sources].map(({ watermark }) => watermark));
    return lowest === MIN_TIMESTAMP || lowest === MAX_WATERMARK ? undefined : lowest;
  }

  finish(): Promise<void> {
    return this.#parts.task.finish();
  }

  async collect(): Promise<ProgramChanges> {
    const { task, outputs, keys } = this.#parts;
    const effects = await this.#takeEffects();
    const operators = task.collectState('changes');
    keys?.forget();
    const frames = outputs.flatMap((output) => output.takeFrames());
    const watermarks = outputs.flatMap((output) => output.takeWatermark() ?? []);
    this.#quiet = [operators, frames, effects, watermarks].every((list) => list.length === 0);
    return { operators, frames, effects, watermarks };
  }

  async #takeEffects(): Promise<readonly PreparedEffect[]> {
    const { task, letters, stateIdOf } = this.#parts;
    const effects: PreparedEffect[] = [];
    for (const sink of task.sinks) {
      await sink.flush(task.inputEnded);
      const operator = stateIdOf(sink.nodeId);
      // From here on the version remembers them.
      for (const committable of await sink.takeCommittables(task.inputEnded)) {
        effects.push({ operator, committable });
      }
    }
    for (const committable of letters.splice(0)) effects.push({ operator: DEAD_LETTERS, committable });
    return effects;
  }

  collectAll(): readonly OperatorDelta[] {
    return this.#parts.task.collectState('all');
  }

  outputWatermarks(): readonly OutputWatermark[] {
    return this.#parts.outputs.flatMap((output) => output.currentWatermark() ?? []);
  }

  /** Without records a look that has found nothing finds nothing the next time either. */
  nextTimer(): number | undefined {
    return this.#parts.task.nextTimer(this.#quiet ? 'timers' : 'all');
  }

  async perform(intents: readonly SinkIntent[]): Promise<void> {
    for (const [operator, ofOne] of Map.groupBy(intents, (intent) => intent.operator)) {
      if (operator === DEAD_LETTERS) {
        // Under this name only dead letters are kept.
        const letters = ofOne.map(({ id, committable }) => ({ id, letter: committable as DeadLetter }));
        await this.#parts.deadLetters.keep(letters);
      } else {
        const requests = ofOne.map(({ id, committable }) => ({ id: parseCommittableId(id), committable }));
        await (await this.#committerOf(operator))?.commit(requests);
      }
    }
  }

  async #committerOf(operator: string): Promise<Committer<unknown> | undefined> {
    if (!this.#committers.has(operator)) {
      this.#committers.set(operator, await this.#parts.createCommitter(operator));
    }
    return this.#committers.get(operator);
  }

  close(): Promise<void> {
    return this.#parts.task.close();
  }

  #runChannels(): void {
    while (this.#parts.task.runBatch(false));
  }

  #runSource(): void {
    const reader = this.#parts.reader();
    if (reader === undefined) return;
    const { task } = this.#parts;
    do task.runBatch(true);
    while (!reader.drained);
  }

  #input(upstream: string, edge: string): InputChannel {
    const channel = this.#parts.inputs.get(inputChannelKey(upstream, edge));
    if (channel === undefined) throw unknownChannel(upstream, edge);
    return channel;
  }

  #openReader(): DrivenReader {
    const reader = this.#parts.reader();
    if (reader instanceof DrivenReader) return reader;
    throw noReader('Records of a shard');
  }
}

function noReader(what: string): InvariantError {
  return new InvariantError('INVARIANT', `${what} came to a vertex that has no source for it.`);
}

/** Its records would come behind watermarks that did not wait for them. */
function unregisteredShard(shardId: string): RetryableError {
  return new RetryableError(
    'IO_FAILED',
    `Shard ${shardId} is not one of this source's yet; its records come again.`,
  );
}

/** A watermark or a status that was told before. */
function forgetOutput(outputs: readonly OutboxChannel[]): void {
  for (const output of outputs) {
    output.takeFrames();
    output.takeWatermark();
  }
}

function unknownChannel(upstream: string, edge: string): InvariantError {
  return new InvariantError(
    'INVARIANT',
    `A frame of ${upstream} names edge ${edge}, which this vertex lacks.`,
  );
}
