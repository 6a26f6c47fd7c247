/**
 * Task: one running subtask. Reads its sources and channels batch by batch and pushes records through its
 * operators.
 *
 * Owns the order of the life cycle: operators open from the last to the first, a batch runs to its end
 * without interruption, timers run between batches, everything is closed at the end, also after a failure.
 * Does not own the decision when to run: that is the scheduler's.
 */
import type { StateScope } from '../../core/connector.ts';
import { InvariantError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { OperatorDelta } from '../../core/log/state-delta.ts';
import type { Channel } from '../../ports/channel.ts';
import type { Input, Operator, OperatorIdentity, UserCodeCursor } from '../operator.ts';
import { isEmptyDelta } from '../operator-delta.ts';
import type { ExchangeOutput } from './exchange-output.ts';
import { failureOf } from './failure.ts';
import { deliverBatch, type InputGate } from './input-gate.ts';
import { SinkOperator } from './sink-operator.ts';
import { SourceOperator } from './source-operator.ts';
import type { TaskTimeService } from './task-time-service.ts';

/** A channel that this task reads. */
export interface TaskChannel {
  readonly channel: Channel;
  readonly input: Input;
  /** For messages. */
  readonly label: string;
}

/** An operator with what the task has to know of it. */
export interface TaskOperator {
  readonly operator: Operator;
  readonly identity: OperatorIdentity;
  /** How deltas name it. */
  readonly stateId: string;
  /** Those that it feeds itself. */
  readonly exchanges: readonly ExchangeOutput[];
}

/** The parts of a task, all built. */
export interface TaskOptions {
  readonly name: string;
  /** In topological order. */
  readonly operators: readonly TaskOperator[];
  readonly exchanges: readonly ExchangeOutput[];
  readonly channels: readonly TaskChannel[];
  /** In topological order. */
  readonly gates: readonly InputGate[];
  readonly time: TaskTimeService;
  readonly cursor: UserCodeCursor;
}

export class Task {
  readonly name: string;
  readonly sources: readonly SourceOperator[];
  readonly sinks: readonly SinkOperator[];
  readonly #options: TaskOptions;
  readonly #operators: readonly Operator[];
  /** By the id of the operator. Unit: ms since the epoch. */
  readonly #restoredWatermarks = new Map<string, number>();
  readonly #openChannels: Set<TaskChannel>;
  readonly #readySources: Set<SourceOperator>;
  #wake: () => void = () => {};
  #failure: { readonly error: unknown } | undefined;
  readonly #opened: Operator[] = [];
  #position: () => string = () => 'opening the task';
  #finished = false;

  constructor(options: TaskOptions) {
    this.name = options.name;
    this.#options = options;
    this.#openChannels = new Set(options.channels);
    this.#operators = options.operators.map(({ operator }) => operator);
    this.sources = this.#operators.filter((operator) => operator instanceof SourceOperator);
    this.sinks = this.#operators.filter((operator) => operator instanceof SinkOperator);
    this.#readySources = new Set(this.sources);
  }

  get finished(): boolean {
    return this.#finished;
  }

  /** True once every source and channel has ended: what is left is `finish`. */
  get inputEnded(): boolean {
    return this.#openChannels.size === 0 && this.sources.every((source) => source.ended);
  }

  /** Opens operators from the last to the first, so that each finds those behind it ready. */
  async open(): Promise<void> {
    for (const operator of this.#operators.toReversed()) {
      this.#opened.push(operator);
      await this.#attributedAsync(() => operator.open());
    }
    this.#announceWatermarks();
  }

  /** Channels have forgotten how far the operators had come; the operators will not say it again. */
  #announceWatermarks(): void {
    for (const { stateId, exchanges } of this.#options.operators) {
      const watermark = this.#restoredWatermarks.get(stateId);
      if (watermark === undefined) continue;
      for (const exchange of exchanges) {
        exchange.processWatermark(watermark);
        exchange.flush();
      }
    }
    this.#restoredWatermarks.clear();
  }

  /**
   * State of the operators that have any, or in which something has changed; to be encoded before the task
   * runs again.
   */
  collectState(scope: StateScope): readonly OperatorDelta[] {
    this.#position = () => 'collecting its state';
    const deltas: OperatorDelta[] = [];
    for (const { operator, identity } of this.#options.operators) {
      this.#options.cursor.operator = identity;
      const delta = this.#attributed(() => operator.collectState(scope));
      if (!isEmptyDelta(delta)) deltas.push(delta);
    }
    return deltas;
  }

  /**
   * Takes in state before `open`, or between batches what another writer of the same state has changed.
   * Throws InvariantError for an operator that is not of this task.
   */
  applyState(deltas: readonly OperatorDelta[]): void {
    this.#position = () => 'restoring its state';
    for (const delta of deltas) {
      const found = this.#options.operators.find(({ stateId }) => stateId === delta.operator);
      if (found === undefined) {
        throw new InvariantError('INVARIANT', `${this.name} has no operator '${delta.operator}' to restore.`);
      }
      this.#options.cursor.operator = found.identity;
      this.#attributed(() => found.operator.applyState(delta));
      if (delta.watermark !== undefined && this.#opened.length === 0) {
        this.#restoredWatermarks.set(delta.operator, delta.watermark);
      }
    }
  }

  /** False while an output channel is full: back-pressure. */
  hasCapacity(): boolean {
    const hasCapacity = this.#options.exchanges.every((exchange) => exchange.hasCapacity());
    for (const source of this.sources) source.setBackPressured(!hasCapacity);
    return hasCapacity;
  }

  /**
   * Runs one batch of each channel and, if `readSources`, of each source; false if there was nothing to do.
   */
  runBatch(readSources: boolean): boolean {
    if (this.#failure !== undefined) throw failureOf(this.#failure.error, undefined, this.#position());
    const fromSources = readSources && this.#attributed(() => this.#pollSources());
    const fromChannels = this.#attributed(() => this.#pollChannels());
    if (!fromSources && !fromChannels) return false;
    this.#endBatch();
    return true;
  }

  /** Runs what channels say of where they are, which is no progress: no timer fires for it. */
  resumeChannels(): void {
    const { gates } = this.#options;
    for (const gate of gates) gate.pause();
    while (this.runBatch(false));
    this.#position = () => 'where its channels are';
    for (const gate of gates) this.#attributed(() => gate.resume());
    this.#endBatch();
  }

  #pollSources(): boolean {
    let progressed = false;
    for (const source of this.#readySources) {
      this.#position = () => `the record at ${source.reader.currentPosition()}`;
      const status = source.poll(LIMITS.sourceBatchRecordsMax);
      if (status !== 'more-available') this.#readySources.delete(source);
      if (status === 'nothing-available') this.#await(source);
      progressed = true;
    }
    return progressed;
  }

  #pollChannels(): boolean {
    let progressed = false;
    for (const taskChannel of this.#openChannels) {
      const batch = taskChannel.channel.poll();
      if (batch === undefined) continue;
      progressed = true;
      this.#position = () => `a record of ${taskChannel.label}`;
      if (deliverBatch(batch, taskChannel.input)) this.#openChannels.delete(taskChannel);
    }
    return progressed;
  }

  /** The task finished before it was built anew: its timers are over, and `finish` is not due again. */
  resumeFinished(): void {
    this.#finished = true;
  }

  /** Runs the timers that are due, none once the task has finished; true if any ran. Unit: ms. */
  advanceTime(now: number): boolean {
    if (this.#finished) return false;
    this.#position = () => 'a processing-time timer';
    const fired = this.#attributed(() => this.#options.time.fireDue(now));
    if (fired) this.#endBatch();
    return fired;
  }

  /** `timers`: without what only looks whether something has changed. Unit: ms since the epoch. */
  nextTimer(which: 'all' | 'timers' = 'all'): number | undefined {
    return this.#finished ? undefined : this.#options.time.nextDue(which);
  }

  #endBatch(): void {
    this.#position = () => 'a watermark at the end of a batch';
    this.#attributed(() => {
      for (const operator of this.#operators) operator.endBatch?.();
      for (const exchange of this.#options.exchanges) exchange.flush();
    });
  }

  /** Calls `wake` each time a source that had nothing has something again, or has failed. */
  onSourceReady(wake: () => void): void {
    this.#wake = wake;
  }

  /** A source that waits comes back by itself, also while others keep the task busy. */
  #await(source: SourceOperator): void {
    source.reader.isAvailable().then(
      () => {
        this.#readySources.add(source);
        this.#wake();
      },
      (error: unknown) => {
        this.#failure = { error };
        this.#wake();
      },
    );
  }

  /** After the last input: operators finish in order, downstream is told. */
  async finish(): Promise<void> {
    this.#position = () => 'the end of the input';
    for (const operator of this.#operators) await this.#attributedAsync(() => operator.finish?.());
    for (const exchange of this.#options.exchanges) exchange.endInput();
    this.#finished = true;
  }

  /** Closes what was opened, each operator even if another fails; throws the first error. */
  async close(): Promise<void> {
    const errors: unknown[] = [];
    for (const operator of this.#opened.splice(0)) {
      try {
        await operator.close();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw failureOf(errors[0], this.#options.cursor.operator, 'closing the task');
  }

  /** Where the record being processed stands, in words. */
  currentPosition(): string {
    return this.#position();
  }

  #attributed<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw failureOf(error, this.#options.cursor.operator, this.#position());
    }
  }

  async #attributedAsync(work: () => void | Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw failureOf(error, this.#options.cursor.operator, this.#position());
    }
  }
}
