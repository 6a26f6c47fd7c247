import type { OutputTag } from '../output-tag.ts';
import type { KeyedStateStore } from '../state.ts';
import type { Collector, RichFunction } from './rich-function.ts';

/** The two domains of time in which a timer can live. */
export type TimeDomain = 'event-time' | 'processing-time';

/**
 * Clock, watermark and timers of a process function. Timers need a keyed stream. Unit: ms since the epoch.
 */
export interface TimerService {
  currentProcessingTime(): number;
  /** MIN_TIMESTAMP until the first watermark. */
  currentWatermark(): number;
  /**
   * Fires once when the watermark reaches `time`; registering the same time again for a key changes
   * nothing.
   */
  registerEventTimeTimer(time: number): void;
  registerProcessingTimeTimer(time: number): void;
  deleteEventTimeTimer(time: number): void;
  deleteProcessingTimeTimer(time: number): void;
}

/** What a process function sees beside its record. */
export interface ProcessContext {
  /** Timestamp of the record, or undefined if it has none. Unit: ms since the epoch. */
  readonly timestamp: number | undefined;
  readonly timerService: TimerService;
  /** Emits to a side output. Throws UserError OUTPUT_TAG_INVALID unless `tag` is an OutputTag. */
  output<X>(tag: OutputTag<X>, value: X): void;
}

/** ProcessContext on a keyed stream; state can be opened by the context too, for functions without `open`. */
export interface KeyedProcessContext<K> extends ProcessContext, KeyedStateStore {
  readonly currentKey: K;
}

/** KeyedProcessContext of a timer. `timestamp` is that of the timer. */
export interface OnTimerContext<K> extends KeyedProcessContext<K> {
  readonly timeDomain: TimeDomain;
}

/** Low-level operation on a stream without key. Source: Flink's ProcessFunction. */
export interface ProcessFunction<IN, OUT> extends RichFunction {
  processElement(value: IN, context: ProcessContext, out: Collector<OUT>): void;
}

/** Low-level operation on a keyed stream, with state and timers. Source: Flink's KeyedProcessFunction. */
export interface KeyedProcessFunction<K, IN, OUT> extends RichFunction {
  processElement(value: IN, context: KeyedProcessContext<K>, out: Collector<OUT>): void;
  onTimer?(timestamp: number, context: OnTimerContext<K>, out: Collector<OUT>): void;
}

/** Low-level operation on two connected streams. Source: Flink's CoProcessFunction. */
export interface CoProcessFunction<IN1, IN2, OUT> extends RichFunction {
  processElement1(value: IN1, context: ProcessContext, out: Collector<OUT>): void;
  processElement2(value: IN2, context: ProcessContext, out: Collector<OUT>): void;
}

/**
 * Low-level operation on two connected keyed streams that share state and timers. Source: Flink's
 * KeyedCoProcessFunction.
 */
export interface KeyedCoProcessFunction<K, IN1, IN2, OUT> extends RichFunction {
  processElement1(value: IN1, context: KeyedProcessContext<K>, out: Collector<OUT>): void;
  processElement2(value: IN2, context: KeyedProcessContext<K>, out: Collector<OUT>): void;
  onTimer?(timestamp: number, context: OnTimerContext<K>, out: Collector<OUT>): void;
}
