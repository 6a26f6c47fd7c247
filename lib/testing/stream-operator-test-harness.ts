/**
 * What the harnesses of one-input and two-input operators share: one operator outside any job, on a clock and
 * with outputs that the test controls.
 *
 * Values read from state are frozen, so that a function that changes one without writing it back fails here
 * and not on a durable backend.
 */
import { UserError } from '../core/errors.ts';
import type { OperatorDelta } from '../core/log/state-delta.ts';
import type { OutputTag } from '../core/output-tag.ts';
import type { OperatorSpec } from '../graph/operator-spec.ts';
import { createOperator } from '../runtime/create-operator.ts';
import { MetricRegistry } from '../runtime/metrics.ts';
import type { Input, Operator, OperatorContext } from '../runtime/operator.ts';
import type { BackPressure } from '../runtime/operators/pausable-clock.ts';
import { TimestampsAndWatermarksOperator } from '../runtime/operators/timestamps-and-watermarks-operator.ts';
import { deltaOf, type OperatorSnapshot, snapshotOf } from '../runtime/snapshot.ts';
import { type HarnessOutput, type HarnessRecord, RecordingOutput } from './harness-output.ts';
import { ManualProcessingTime } from './manual-processing-time.ts';

/** What `snapshot` takes and `restore` gives back: plain data, but to a test opaque. */
export type HarnessSnapshot = OperatorSnapshot;

/** Settings of a harness; the defaults suit a test of one subtask. */
export interface HarnessOptions {
  /** @default 'operator' */
  readonly operatorUid?: string;
  /** Index of the subtask under test, from 0. @default 0 */
  readonly subtask?: number;
  /** @default 1 */
  readonly parallelism?: number;
  /** @default 128 */
  readonly maxParallelism?: number;
  /** How often periodic watermarks are emitted while the test moves the clock. Unit: ms. @default 200 */
  readonly autoWatermarkIntervalMs?: number;
  /** Where the clock stands at first. Unit: ms since the epoch. @default 0 */
  readonly initialProcessingTime?: number;
}

const OPERATOR_LABEL = 'operator';
const MAX_PARALLELISM = 128;

/** Base of the harnesses. @typeParam OUT type of the main output. */
export abstract class StreamOperatorTestHarness<OUT> {
  readonly #spec: OperatorSpec;
  readonly #options: HarnessOptions;
  readonly #output = new RecordingOutput<OUT>();
  readonly #sideOutputs = new Map<string, RecordingOutput<unknown>>();
  readonly #metrics = new MetricRegistry();
  readonly #time: ManualProcessingTime;
  #restored: readonly OperatorDelta[] = [];
  #operator: Operator | undefined;

  protected constructor(spec: OperatorSpec, options: HarnessOptions = {}) {
    this.#spec = spec;
    this.#options = options;
    this.#time = new ManualProcessingTime(options.initialProcessingTime);
  }

  /**
   * Makes the operator start from `snapshot`; call it on a new harness before `open`.
   *
   * Throws UserError ARGUMENT_INVALID once the harness is open.
   */
  restore(snapshot: HarnessSnapshot): void {
    this.#requireNew('restore()');
    this.#restored = [deltaOf(snapshot)];
  }

  /**
   * Creates and opens the operator, restored state included. Throws UserError ARGUMENT_INVALID the second
   * time.
   */
  async open(): Promise<void> {
    if (this.#operator !== undefined) {
      throw new UserError(
        'ARGUMENT_INVALID',
        'open() was called twice; make a new harness for a new operator.',
      );
    }
    const operator = this.#create();
    this.#operator = operator;
    for (const delta of this.#restored) operator.applyState(delta);
    this.#restored = [];
    await operator.open();
  }

  /** Closes the operator and its function. */
  async close(): Promise<void> {
    await this.#operator?.close();
  }

  /**
   * Tells the operator that its input has ended. A bounded source sends MAX_WATERMARK before; so should the
   * test.
   */
  async endInput(): Promise<void> {
    await this.#opened().finish?.();
  }

  /**
   * Everything on the main output since the start or the last `clearOutput`: records, watermarks, statuses.
   */
  get output(): readonly HarnessOutput<OUT>[] {
    return this.#output.elements;
  }

  /** The values on the main output, without watermarks and statuses. */
  records(): readonly OUT[] {
    return this.#output.records().map(({ value }) => value);
  }

  /** The records of a side output. */
  sideOutput<T>(tag: OutputTag<T>): readonly HarnessRecord<T>[] {
    // The tag carries the type of what is emitted to it.
    const records = this.#sideOutputs.get(tag.id)?.records() as HarnessRecord<T>[] | undefined;
    return records ?? [];
  }

  /** Forgets main and side outputs. */
  clearOutput(): void {
    this.#output.clear();
    for (const sideOutput of this.#sideOutputs.values()) sideOutput.clear();
  }

  /** Current processing time. Unit: ms since the epoch. */
  get processingTime(): number {
    return this.#time.now();
  }

  /**
   * Moves the clock and fires what is due: processing-time timers, and periodic watermarks if the auto-
   * watermark interval has passed, once however far the clock moved. Unit: ms since the epoch.
   */
  setProcessingTime(time: number): void {
    this.#opened();
    this.#time.advanceTo(time);
  }

  /** Moves the clock forward by `durationMs`. */
  advanceProcessingTime(durationMs: number): void {
    this.setProcessingTime(this.processingTime + durationMs);
  }

  /** Value of a counter of the operator, such as `numLateRecordsDropped`; 0 if nobody counted. */
  counter(name: string): number {
    return this.#metrics.counter(OPERATOR_LABEL, name).count;
  }

  /**
   * Self-contained copy of the operator's state, timers and watermark: give it to `restore` of a new harness.
   */
  snapshot(): HarnessSnapshot {
    return snapshotOf(this.#opened().collectState('all'));
  }

  /**
   * What has changed since this was last called, or since the start: folded in order, these deltas are the
   * state.
   */
  collectChanges(): OperatorDelta {
    return structuredClone(this.#opened().collectState('changes'));
  }

  /**
   * Makes the operator start from deltas, in their order; call it on a new harness before `open`.
   *
   * Throws UserError ARGUMENT_INVALID once the harness is open.
   */
  restoreChanges(deltas: readonly OperatorDelta[]): void {
    this.#requireNew('restoreChanges()');
    this.#restored = structuredClone(deltas);
  }

  /**
   * Tells an operator that assigns watermarks that its output is blocked: its idleness clock stands still
   * until every `kind` of back-pressure is off again.
   *
   * Throws UserError ARGUMENT_INVALID if the operator does not assign watermarks.
   */
  setBackPressured(backPressured: boolean, kind: BackPressure = 'hard'): void {
    const operator = this.#opened();
    if (!(operator instanceof TimestampsAndWatermarksOperator)) {
      throw new UserError(
        'ARGUMENT_INVALID',
        `The ${this.#spec.kind} operator does not look at back-pressure.`,
      );
    }
    operator.setBackPressured(kind, backPressured);
  }

  protected numKeyedEntries(): number {
    return this.snapshot().keyed.reduce((sum, { entries }) => sum + entries.length, 0);
  }

  protected numTimers(domain: 'eventTimers' | 'processingTimers'): number {
    return this.snapshot()[domain].length;
  }

  /** Input of the open operator. */
  protected input(index: 0 | 1): Input {
    const input = this.#opened().inputs[index];
    if (input === undefined) {
      throw new UserError('ARGUMENT_INVALID', `The ${this.#spec.kind} operator has no input ${index + 1}.`);
    }
    return input;
  }

  #requireNew(method: string): void {
    if (this.#operator === undefined) return;
    throw new UserError(
      'ARGUMENT_INVALID',
      `${method} was called on an open harness; call it before open().`,
    );
  }

  #opened(): Operator {
    if (this.#operator === undefined) {
      throw new UserError('ARGUMENT_INVALID', 'The harness is not open; call `await harness.open()` first.');
    }
    return this.#operator;
  }

  #create(): Operator {
    const { autoWatermarkIntervalMs } = this.#options;
    if (this.#spec.kind !== 'timestampsAndWatermarks' || autoWatermarkIntervalMs === undefined) {
      return createOperator(this.#spec, this.#context());
    }
    return new TimestampsAndWatermarksOperator(this.#spec, this.#context(), { autoWatermarkIntervalMs });
  }

  #context(): OperatorContext {
    const { operatorUid, subtask, parallelism, maxParallelism } = this.#options;
    return {
      operatorName: this.#spec.kind,
      operatorUid: operatorUid ?? OPERATOR_LABEL,
      stateId: operatorUid ?? OPERATOR_LABEL,
      location: 'a test harness',
      onError: 'fail',
      jobName: 'test',
      subtask: subtask ?? 0,
      parallelism: parallelism ?? 1,
      maxParallelism: maxParallelism ?? MAX_PARALLELISM,
      output: this.#output,
      sideOutput: (tagId) => this.#sideOutputOf(tagId),
      processingTime: this.#time,
      cursor: { operator: undefined },
      counter: (name) => this.#metrics.counter(OPERATOR_LABEL, name),
      journal: undefined,
      freezeState: true,
      trackChanges: true,
    };
  }

  #sideOutputOf(tagId: string): Input {
    let output = this.#sideOutputs.get(tagId);
    if (output === undefined) {
      output = new RecordingOutput<unknown>();
      this.#sideOutputs.set(tagId, output);
    }
    return output;
  }
}
