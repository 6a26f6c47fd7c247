/**
 * What each operator of a StreamGraph does, as data: a discriminated union that the runtime turns into
 * operators.
 *
 * Type parameters of user code are erased here; the fluent API has checked them. User functions are carried
 * as `UserFunction`, which knows how to make one function object per subtask.
 */

import type { Sink, Source } from '../core/connector.ts';
import type { AggregateFunction } from '../core/functions/aggregate-function.ts';
import type {
  CoFlatMapFunction,
  CoMapFunction,
  Partitioner as CustomPartitioner,
  FilterFunction,
  FlatMapFunction,
  MapFunction,
} from '../core/functions/basic-function.ts';
import type {
  CoProcessFunction,
  KeyedCoProcessFunction,
  KeyedProcessFunction,
  ProcessFunction,
} from '../core/functions/process-function.ts';
import type { ReduceFunction } from '../core/functions/reduce-function.ts';
import type { AggregatedWindowFunction, ProcessWindowFunction } from '../core/functions/window-function.ts';
import type { WatermarkStrategySpec } from '../core/watermark.ts';
import type { Evictor } from '../core/window/evictor.ts';
import type { Trigger } from '../core/window/trigger.ts';
import type { Window } from '../core/window/window.ts';
import type { WindowAssigner } from '../core/window/window-assigner.ts';

/** A function of user code. */
export interface UserFunction<F> {
  /** The function object for one subtask. */
  readonly create: () => F;
  /** The object that every `create` of this graph returns, when the user gave an object and not a factory. */
  readonly shared: object | undefined;
}

export type KeySelector = (value: unknown) => unknown;

/** How a window's elements are kept and evaluated. */
export type WindowContents =
  | {
      readonly kind: 'reduce';
      readonly reduce: UserFunction<ReduceFunction<unknown>>;
      readonly window: UserFunction<AggregatedWindowFunction<unknown, unknown, unknown, Window>> | undefined;
      /** False for the built-in roll-ups (sum, min …), whose other fields follow the order of arrival. */
      readonly sliceable: boolean;
    }
  | {
      readonly kind: 'aggregate';
      readonly aggregate: UserFunction<AggregateFunction<unknown, unknown, unknown>>;
      readonly window: UserFunction<AggregatedWindowFunction<unknown, unknown, unknown, Window>> | undefined;
    }
  | {
      readonly kind: 'process';
      readonly window: UserFunction<ProcessWindowFunction<unknown, unknown, unknown, Window>>;
    };

export interface WindowSpec {
  readonly kind: 'window';
  /** Constant for windowAll. */
  readonly keySelector: KeySelector;
  readonly allWindows: boolean;
  readonly assigner: WindowAssigner<unknown, Window>;
  /** Undefined: the assigner's default. */
  readonly trigger: Trigger<unknown, Window> | undefined;
  readonly evictor: Evictor<unknown, Window> | undefined;
  readonly allowedLatenessMs: number;
  readonly lateTagId: string | undefined;
  readonly contents: WindowContents;
}

export type OperatorSpec =
  | {
      readonly kind: 'source';
      readonly source: Source<unknown>;
      readonly watermarks: WatermarkStrategySpec<unknown>;
    }
  | { readonly kind: 'map'; readonly fn: UserFunction<MapFunction<unknown, unknown>> }
  | { readonly kind: 'filter'; readonly fn: UserFunction<FilterFunction<unknown>> }
  | { readonly kind: 'flatMap'; readonly fn: UserFunction<FlatMapFunction<unknown, unknown>> }
  | { readonly kind: 'process'; readonly fn: UserFunction<ProcessFunction<unknown, unknown>> }
  | {
      readonly kind: 'keyedProcess';
      readonly keySelector: KeySelector;
      readonly fn: UserFunction<KeyedProcessFunction<unknown, unknown, unknown>>;
    }
  | {
      readonly kind: 'keyedReduce';
      readonly keySelector: KeySelector;
      readonly fn: UserFunction<ReduceFunction<unknown>>;
    }
  | { readonly kind: 'coMap'; readonly fn: UserFunction<CoMapFunction<unknown, unknown, unknown>> }
  | { readonly kind: 'coFlatMap'; readonly fn: UserFunction<CoFlatMapFunction<unknown, unknown, unknown>> }
  | { readonly kind: 'coProcess'; readonly fn: UserFunction<CoProcessFunction<unknown, unknown, unknown>> }
  | {
      readonly kind: 'keyedCoProcess';
      readonly keySelectors: readonly [KeySelector, KeySelector];
      readonly fn: UserFunction<KeyedCoProcessFunction<unknown, unknown, unknown, unknown>>;
    }
  | { readonly kind: 'timestampsAndWatermarks'; readonly watermarks: WatermarkStrategySpec<unknown> }
  | WindowSpec
  | { readonly kind: 'sink'; readonly sink: Sink<unknown> };

export type OperatorKind = OperatorSpec['kind'];

/**
 * How records travel along an edge. `hash` routes by key group; `auto` is what the user left open: forward
 * between operators of the same parallelism, else rebalance.
 */
export type EdgePartitioner =
  | { readonly kind: 'auto' }
  | { readonly kind: 'forward' | 'rebalance' | 'rescale' | 'shuffle' | 'broadcast' | 'global' }
  | { readonly kind: 'hash'; readonly keySelector: KeySelector }
  | {
      readonly kind: 'custom';
      readonly partitioner: CustomPartitioner<unknown>;
      readonly keySelector: KeySelector;
    };

/** What happens to a record on which user code throws. */
export type ErrorPolicy = 'fail' | 'dead-letter';
