import type { OutputTag } from '../output-tag.ts';
import type { KeyedStateStore } from '../state.ts';
import type { Window } from '../window/window.ts';
import type { Collector, RichFunction } from './rich-function.ts';

/** What a window function sees when its window fires. */
export interface WindowContext<OUT, K, W extends Window> {
  readonly key: K;
  readonly window: W;
  readonly out: Collector<OUT>;
  currentProcessingTime(): number;
  currentWatermark(): number;
  /** State of this key and window; remove it in `clear`. */
  readonly windowState: KeyedStateStore;
  /** State of this key, shared by all its windows. */
  readonly globalState: KeyedStateStore;
  output<X>(tag: OutputTag<X>, value: X): void;
}

/** WindowContext with every element of the window, in the order of arrival. */
export interface ProcessWindowContext<IN, OUT, K, W extends Window> extends WindowContext<OUT, K, W> {
  readonly elements: readonly IN[];
}

/** WindowContext with the one value that `reduce` or `aggregate` made of the window. */
export interface AggregatedWindowContext<IN, OUT, K, W extends Window>
  extends ProcessWindowContext<IN, OUT, K, W> {
  readonly value: IN;
}

/** Evaluates a keyed window from all its elements. Source: Flink's ProcessWindowFunction. */
export interface ProcessWindowFunction<IN, OUT, K, W extends Window> extends RichFunction {
  process(context: ProcessWindowContext<IN, OUT, K, W>): void;
  /** Called when the window is removed: clear `context.windowState` here. */
  clear?(context: WindowContext<OUT, K, W>): void;
}

/**
 * Evaluates a keyed window from its pre-aggregated value. Source: Flink's reduce/aggregate with a window
 * function.
 */
export interface AggregatedWindowFunction<IN, OUT, K, W extends Window> extends RichFunction {
  process(context: AggregatedWindowContext<IN, OUT, K, W>): void;
  /** Called when the window is removed: clear `context.windowState` here. */
  clear?(context: WindowContext<OUT, K, W>): void;
}

/**
 * Evaluates a window over all records of a stream; the key is undefined. Source: Flink's
 * ProcessAllWindowFunction.
 */
export interface ProcessAllWindowFunction<IN, OUT, W extends Window>
  extends ProcessWindowFunction<IN, OUT, undefined, W> {}
