import { NO_TIMESTAMP } from '../core/time.ts';
import type { OperatorSpec } from '../graph/operator-spec.ts';
import type { HarnessWatermarkStatus } from './harness-output.ts';
import { type HarnessOptions, StreamOperatorTestHarness } from './stream-operator-test-harness.ts';

/** The one-input operators that keep state by key. */
export type KeyedOneInputSpec = Extract<OperatorSpec, { kind: 'keyedProcess' | 'keyedReduce' | 'window' }>;

/** The one-input operators. */
export type OneInputSpec =
  | KeyedOneInputSpec
  | Extract<OperatorSpec, { kind: 'map' | 'filter' | 'flatMap' | 'process' | 'timestampsAndWatermarks' }>;

/**
 * Runs one operator with one input under a test's control.
 *
 * Source Flink's OneInputStreamOperatorTestHarness.
 * @example
 * const harness = ProcessFunctionTestHarnesses.forProcessFunction<number, number>({
 *   processElement: (value, context, out) => out.collect(value * 2),
 * });
 * await harness.open();
 * harness.processElement(21, 1000);
 * harness.processWatermark(1000);
 * // harness.output is [{ value: 42, timestamp: 1000 }, { watermark: 1000 }]
 */
export class OneInputStreamOperatorTestHarness<IN, OUT> extends StreamOperatorTestHarness<OUT> {
  constructor(spec: OneInputSpec, options: HarnessOptions = {}) {
    super(spec, options);
  }

  /** A record; without `timestamp` it carries none. Unit: ms since the epoch. */
  processElement(value: IN, timestamp: number = NO_TIMESTAMP): void {
    this.input(0).processElement(value, timestamp);
  }

  /** Unit: ms since the epoch. */
  processWatermark(watermark: number): void {
    this.input(0).processWatermark(watermark);
  }

  processWatermarkStatus(status: HarnessWatermarkStatus): void {
    this.input(0).processWatermarkStatus(status === 'IDLE');
  }
}

/**
 * Runs one keyed operator with one input under a test's control; the operator itself selects the key.
 *
 * Source Flink's KeyedOneInputStreamOperatorTestHarness.
 * @example
 * const harness = ProcessFunctionTestHarnesses.forKeyedProcessFunction<string, string, string>(
 *   {
 *     processElement: (word, context) => context.timerService.registerEventTimeTimer(10),
 *     onTimer: (timestamp, context, out) => out.collect(`${context.currentKey} at ${timestamp}`),
 *   },
 *   (word) => word,
 * );
 * await harness.open();
 * harness.processElement('a', 1);
 * harness.processWatermark(10);
 * // harness.records() is ['a at 10']
 */
export class KeyedOneInputStreamOperatorTestHarness<IN, OUT> extends OneInputStreamOperatorTestHarness<
  IN,
  OUT
> {
  constructor(spec: KeyedOneInputSpec, options: HarnessOptions = {}) {
    super(spec, options);
  }

  /** Entries of keyed state: one per state, key and window. */
  numKeyedStateEntries(): number {
    return this.numKeyedEntries();
  }

  numEventTimeTimers(): number {
    return this.numTimers('eventTimers');
  }

  numProcessingTimeTimers(): number {
    return this.numTimers('processingTimers');
  }
}
