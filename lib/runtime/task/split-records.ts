import type { RejectedRecord, SplitOutput } from '../../core/connector.ts';
import type { Counter } from '../../core/functions/rich-function.ts';
import { isTimestamp, NO_TIMESTAMP } from '../../core/time.ts';
import type { WatermarkGenerator, WatermarkOutput, WatermarkStrategySpec } from '../../core/watermark.ts';
import type { Input, OperatorContext } from '../operator.ts';
import { createWatermarkGenerator } from '../operators/watermark-generators.ts';
import { textOf } from './failure.ts';
import type { RecordGuard } from './record-guard.ts';

/** How far event time has come in a split. */
export interface SplitEventTime {
  /** Unit: ms since the epoch. */
  readonly watermark: number;
  /** Of the watermark generator; undefined if it keeps none. */
  readonly generator: unknown;
}

/** The source that reads a split. */
export interface SplitOwner {
  readonly context: OperatorContext;
  readonly options: {
    readonly watermarks: WatermarkStrategySpec<unknown>;
    readonly guard: RecordGuard | undefined;
  };
  readonly numRecordsIn: Counter;
  /** Unit: ms. */
  readonly idlenessClock: { now(): number };
  readonly reader: { currentPosition(): string };
  reject(record: RejectedRecord): void;
}

/** Records of one split: timestamps, the chain behind the source, and the split's watermark generator. */
export class SplitRecords implements SplitOutput<unknown> {
  readonly #source: SplitOwner;
  readonly #context: OperatorContext;
  readonly #guard: RecordGuard | undefined;
  readonly #next: Input;
  readonly #immediate: WatermarkOutput;
  readonly #deferred: WatermarkOutput;
  readonly #generator: WatermarkGenerator<unknown>;
  readonly #assigner: WatermarkStrategySpec<unknown>['timestampAssigner'];
  readonly #perRecord: boolean;

  constructor(
    source: SplitOwner,
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

  /** Wrapped, because a generator without state is not a split without generator. */
  generatorState(): { readonly state: unknown } {
    return { state: this.#generator.snapshotState?.() };
  }

  restore({ watermark, generator }: SplitEventTime): void {
    if (generator !== undefined) this.#generator.restoreState?.(generator);
    this.#deferred.emitWatermark(watermark);
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
