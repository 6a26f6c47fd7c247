import { NO_TIMESTAMP } from '../core/time.ts';
import type { OperatorSpec } from '../graph/operator-spec.ts';
import type { HarnessWatermarkStatus } from './harness-output.ts';
import { type HarnessOptions, StreamOperatorTestHarness } from './stream-operator-test-harness.ts';

/** The two-input operators that keep state by key. */
export type KeyedTwoInputSpec = Extract<OperatorSpec, { kind: 'keyedCoProcess' }>;

/** The two-input operators. */
export type TwoInputSpec =
  | KeyedTwoInputSpec
  | Extract<OperatorSpec, { kind: 'coMap' | 'coFlatMap' | 'coProcess' }>;

/**
 * Runs one operator with two inputs under a test's control.
 *
 * Source Flink's TwoInputStreamOperatorTestHarness.
 * @example
 * const harness = ProcessFunctionTestHarnesses.forCoProcessFunction<number, string, string>({
 *   processElement1: (value, context, out) => out.collect(`number ${value}`),
 *   processElement2: (value, context, out) => out.collect(`text ${value}`),
 * });
 * await harness.open();
 * harness.processElement1(1);
 * harness.processElement2('a');
 * // harness.records() is ['number 1', 'text a']
 */
export class TwoInputStreamOperatorTestHarness<IN1, IN2, OUT> extends StreamOperatorTestHarness<OUT> {
  constructor(spec: TwoInputSpec, options: HarnessOptions = {}) {
    super(spec, options);
  }

  /** A record of the first input; without `timestamp` it carries none. Unit: ms since the epoch. */
  processElement1(value: IN1, timestamp: number = NO_TIMESTAMP): void {
    this.input(0).processElement(value, timestamp);
  }

  /** A record of the second input; without `timestamp` it carries none. Unit: ms since the epoch. */
  processElement2(value: IN2, timestamp: number = NO_TIMESTAMP): void {
    this.input(1).processElement(value, timestamp);
  }

  /** Watermark of the first input. Unit: ms since the epoch. */
  processWatermark1(watermark: number): void {
    this.input(0).processWatermark(watermark);
  }

  /** Watermark of the second input. Unit: ms since the epoch. */
  processWatermark2(watermark: number): void {
    this.input(1).processWatermark(watermark);
  }

  /** The same watermark on both inputs. Unit: ms since the epoch. */
  processBothWatermarks(watermark: number): void {
    this.processWatermark1(watermark);
    this.processWatermark2(watermark);
  }

  processWatermarkStatus1(status: HarnessWatermarkStatus): void {
    this.input(0).processWatermarkStatus(status === 'IDLE');
  }

  processWatermarkStatus2(status: HarnessWatermarkStatus): void {
    this.input(1).processWatermarkStatus(status === 'IDLE');
  }
}

/**
 * Runs one keyed operator with two inputs under a test's control; the operator itself selects the keys.
 *
 * Source Flink's KeyedTwoInputStreamOperatorTestHarness.
 * @example
 * const harness = ProcessFunctionTestHarnesses.forKeyedCoProcessFunction<string, string, string, string>(
 *   {
 *     processElement1: (value, context, out) => out.collect(`left ${context.currentKey}`),
 *     processElement2: (value, context, out) => out.collect(`right ${context.currentKey}`),
 *   },
 *   (value) => value,
 *   (value) => value,
 * );
 * await harness.open();
 * harness.processElement2('k');
 * // harness.records() is ['right k']
 */
export class KeyedTwoInputStreamOperatorTestHarness<IN1, IN2, OUT> extends TwoInputStreamOperatorTestHarness<
  IN1,
  IN2,
  OUT
> {
  constructor(spec: KeyedTwoInputSpec, options: HarnessOptions = {}) {
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
