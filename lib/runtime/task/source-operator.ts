/**
 * First operator of a chain: drives the reader of a source, assigns timestamps and generates watermarks per
 * split.
 *
 * Owns the reader, one watermark generator per split and their combination; does not own splits: those come
 * from the enumerator through `SourceHost`. A record whose timestamp is not a whole number of milliseconds
 * is a dead letter.
 */

import type {
  AnySourceRuntime,
  InputStatus,
  ReaderOutput,
  RejectedRecord,
  SourceReader,
  SourceSplit,
  SplitOutput,
} from '../../core/connector.ts';
import type { Counter } from '../../core/functions/rich-function.ts';
import { LIMITS } from '../../core/limits.ts';
import { isTimestamp, MAX_WATERMARK, MIN_TIMESTAMP, NO_TIMESTAMP } from '../../core/time.ts';
import type { WatermarkGenerator, WatermarkOutput, WatermarkStrategySpec } from '../../core/watermark.ts';
import type { DeadLetterOutput } from '../../ports/dead-letters.ts';
import { SplitWatermarkMultiplexer } from '../../protocol/split-watermark-multiplexer.ts';
import type { Input, Operator, OperatorContext } from '../operator.ts';
import { PausableClock } from '../operators/pausable-clock.ts';
import { createWatermarkGenerator } from '../operators/watermark-generators.ts';
import type { OperatorSnapshot } from '../snapshot.ts';
import { textOf } from './failure.ts';
import type { RecordGuard } from './record-guard.ts';

/** What a source operator gets beside its context. */
export interface SourceOperatorOptions {
  readonly nodeId: number;
  readonly runtime: AnySourceRuntime<unknown>;
  readonly watermarks: WatermarkStrategySpec<unknown>;
  readonly deadLetters: DeadLetterOutput;
  readonly requestSplit: () => void;
  /** Set when user code of the chain may dead-letter records. */
  readonly guard: RecordGuard | undefined;
}

export class SourceOperator implements Operator, ReaderOutput<unknown> {
  // A source has no upstream; the slot exists because every operator has inputs.
  readonly inputs: readonly [Input];
  readonly nodeId: number;
  readonly reader: SourceReader<unknown, SourceSplit>;
  readonly context: OperatorContext;
  readonly options: SourceOperatorOptions;
  readonly numRecordsIn: Counter;
  readonly idlenessClock: PausableClock;
  readonly #dead: Counter;
  readonly #splits = new Map<string, SplitRecords>();
  readonly #multiplexer: SplitWatermarkMultiplexer;
  #watermark = MIN_TIMESTAMP;
  /** Since when no split has been open. Unit: ms of the idleness clock. */
  #silentSince = 0;
  #idle = false;
  #ended = false;

  constructor(context: OperatorContext, options: SourceOperatorOptions) {
    this.inputs = [context.output];
    this.nodeId = options.nodeId;
    this.context = context;
    this.options = options;
    this.idlenessClock = new PausableClock(context.processingTime);
    this.numRecordsIn = context.counter('numRecordsIn');
    this.#dead = context.counter('numRecordsInErrors');
    this.reader = options.runtime.createReader({
      subtask: context.subtask,
      requestSplit: options.requestSplit,
    });
    this.#multiplexer = new SplitWatermarkMultiplexer({
      emitWatermark: (watermark) => this.#emitWatermark(watermark),
      markIdle: () => this.#emitStatus(true),
      markActive: () => this.#emitStatus(false),
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  open(): Promise<void> {
    this.context.cursor.operator = this.context;
    this.#silentSince = this.idlenessClock.now();
    this.#schedulePeriodicEmit();
    return this.reader.start();
  }

  /** While the task may not emit, its splits are not taken for idle. */
  setBackPressured(on: boolean): void {
    this.idlenessClock.setBackPressured('hard', on);
  }

  /** Emits about `maxRecords` records; after the last one the final watermark. */
  poll(maxRecords: number): InputStatus {
    this.context.cursor.operator = this.context;
    const status = this.reader.pollNext(this, maxRecords);
    if (status === 'end-of-input' && !this.#ended) {
      this.#ended = true;
      this.#emitStatus(false);
      this.#emitWatermark(MAX_WATERMARK);
    }
    return status;
  }

  endBatch(): void {
    if (this.#ended) return;
    this.context.cursor.operator = this.context;
    for (const split of this.#splits.values()) split.periodicEmit();
    this.#multiplexer.onPeriodicEmit();
    this.#checkSilence();
  }

  /** Without records there are no batches, and idleness would never be noticed. */
  #schedulePeriodicEmit(): void {
    const { processingTime } = this.context;
    processingTime.schedule(processingTime.now() + LIMITS.autoWatermarkIntervalMs, () => {
      if (this.#ended) return;
      this.endBatch();
      this.#schedulePeriodicEmit();
    });
  }

  /** A reader without a split of its own has no generator that could tell that it is idle. */
  #checkSilence(): void {
    const { idleTimeoutMs } = this.options.watermarks;
    const now = this.idlenessClock.now();
    if (this.#splits.size > 0) this.#silentSince = now;
    else if (idleTimeoutMs !== undefined && now - this.#silentSince > idleTimeoutMs) this.#emitStatus(true);
  }

  forSplit(splitId: string): SplitOutput<unknown> {
    let split = this.#splits.get(splitId);
    if (split === undefined) {
      this.#emitStatus(false);
      this.#multiplexer.registerNewOutput(splitId);
      split = new SplitRecords(this, {
        immediate: this.#multiplexer.getImmediateOutput(splitId),
        deferred: this.#multiplexer.getDeferredOutput(splitId),
      });
      this.#splits.set(splitId, split);
    }
    return split;
  }

  releaseSplit(splitId: string): void {
    const split = this.#splits.get(splitId);
    if (split === undefined) return;
    this.context.cursor.operator = this.context;
    // A short split ends before its first periodic emission: its last watermark must not be lost.
    split.periodicEmit();
    this.#multiplexer.onPeriodicEmit();
    this.#splits.delete(splitId);
    this.#silentSince = this.idlenessClock.now();
    this.#multiplexer.unregisterOutput(splitId);
  }

  reject(record: RejectedRecord): void {
    this.options.deadLetters.write({
      operator: this.context.operatorUid ?? this.context.operatorName,
      ...record,
    });
    this.#dead.inc();
  }

  #emitWatermark(watermark: number): void {
    if (watermark <= this.#watermark) return;
    this.#watermark = watermark;
    this.context.output.processWatermark(watermark);
  }

  #emitStatus(idle: boolean): void {
    if (idle === this.#idle) return;
    this.#idle = idle;
    this.context.output.processWatermarkStatus(idle);
  }

  close(): Promise<void> {
    return this.reader.close();
  }

  snapshot(): OperatorSnapshot {
    return {
      uid: this.context.operatorUid,
      keyed: [],
      eventTimers: [],
      processingTimers: [],
      watermark: this.#watermark,
      operatorState: { splits: structuredClone(this.reader.snapshotState()) },
    };
  }
}

/** Records of one split: timestamps, the chain behind the source, and the split's watermark generator. */
class SplitRecords implements SplitOutput<unknown> {
  readonly #source: SourceOperator;
  readonly #context: OperatorContext;
  readonly #guard: RecordGuard | undefined;
  readonly #next: Input;
  readonly #immediate: WatermarkOutput;
  readonly #deferred: WatermarkOutput;
  readonly #generator: WatermarkGenerator<unknown>;
  readonly #assigner: WatermarkStrategySpec<unknown>['timestampAssigner'];
  readonly #perRecord: boolean;

  constructor(
    source: SourceOperator,
    outputs: { readonly immediate: WatermarkOutput; readonly deferred: WatermarkOutput },
  ) {
    const { watermarks } = source.options;
    this.#source = source;
    this.#context = source.context;
    this.#guard = source.options.guard;
    this.#next = source.context.output;
    this.#immediate = outputs.immediate;
    this.#deferred = outputs.deferred;
    this.#generator = createWatermarkGenerator(watermarks, source.idlenessClock);
    this.#assigner = watermarks.timestampAssigner;
    this.#perRecord = watermarks.emit === 'per-record';
  }

  collect(value: unknown, recordTimestamp: number): void {
    this.#source.numRecordsIn.inc();
    if (this.#guard === undefined) this.#emit(value, recordTimestamp);
    else this.#guard.run(value, recordTimestamp, () => this.#emit(value, recordTimestamp));
  }

  #emit(value: unknown, recordTimestamp: number): void {
    this.#context.cursor.operator = this.#context;
    const assigner = this.#assigner;
    const timestamp = assigner === undefined ? recordTimestamp : assigner(value, recordTimestamp);
    if (!isTimestamp(timestamp) && (assigner !== undefined || timestamp !== NO_TIMESTAMP)) {
      this.#rejectTimestamp(value, timestamp);
      return;
    }
    this.#next.processElement(value, timestamp);
    const { journal } = this.#context;
    // A record that is undone must not move the watermark.
    if (journal === undefined) this.#generate(value, timestamp);
    else journal.defer(() => this.#generate(value, timestamp));
  }

  #generate(value: unknown, timestamp: number): void {
    this.#context.cursor.operator = this.#context;
    this.#generator.onEvent(value, timestamp, this.#immediate);
    if (this.#perRecord) this.#generator.onPeriodicEmit(this.#immediate);
  }

  periodicEmit(): void {
    this.#generator.onPeriodicEmit(this.#deferred);
  }

  reject(record: RejectedRecord): void {
    this.#source.numRecordsIn.inc();
    this.#source.reject(record);
  }

  #rejectTimestamp(value: unknown, timestamp: unknown): void {
    this.#source.reject({
      code: 'TIMESTAMP_INVALID',
      reason: `the timestamp is ${String(timestamp)}, not a whole number of milliseconds since the epoch`,
      position: this.#source.reader.currentPosition(),
      raw: textOf(value),
    });
  }
}
