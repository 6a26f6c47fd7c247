/**
 * What the fluent API takes for a function: a plain function where one method suffices, an object, or a
 * factory `() => new F()` that makes one object per subtask. At run time user-function.ts tells them apart.
 *
 * A factory stands in the return type of the plain function, because two function types in one union would
 * leave the parameters of a lambda without a type.
 */

import type { AggregateFunction } from '../core/functions/aggregate-function.ts';
import type {
  CoFlatMapFunction,
  CoMapFunction,
  FilterFunction,
  FlatMapFunction,
  MapFunction,
} from '../core/functions/basic-function.ts';
import type {
  CoProcessFunction,
  KeyedCoProcessFunction,
  KeyedProcessContext,
  KeyedProcessFunction,
  ProcessContext,
  ProcessFunction,
} from '../core/functions/process-function.ts';
import type { ReduceFunction } from '../core/functions/reduce-function.ts';
import type { Collector } from '../core/functions/rich-function.ts';
import type {
  AggregatedWindowContext,
  AggregatedWindowFunction,
  ProcessWindowContext,
  ProcessWindowFunction,
} from '../core/functions/window-function.ts';
import type { Window } from '../core/window/window.ts';
import type { TypeMessage } from './type-message.ts';

// biome-ignore lint/suspicious/noConfusingVoidType: the result of a function that only collects, in a union.
type Nothing = void;

/** What to add to a function that returns R: nothing, unless R is a promise. */
export type Synchronous<R> = unknown extends R
  ? unknown
  : [R] extends [never]
    ? unknown
    : [R] extends [PromiseLike<unknown>]
      ? TypeMessage<'user functions are synchronous: they cannot return a promise'>
      : unknown;

/** Argument of `map`. A function without parameters may also be a factory of MapFunctions. */
export type MapArgument<T, R> = MapFunction<T, R> | (((value: T) => R) & Synchronous<R>);

/** Type of the records that a `map` with result R emits: R, or what the MapFunctions of a factory make. */
export type MapResult<T, R> = R extends readonly unknown[]
  ? R
  : R extends MapFunction<T, infer Row>
    ? Row
    : R;

/** Argument of `filter`. A function without parameters may also be a factory of FilterFunctions. */
export type FilterArgument<T> = FilterFunction<T> | ((value: T) => boolean | FilterFunction<T>);

/**
 * Argument of `flatMap`: a plain function collects records, returns them as an iterable, or both. A function
 * without parameters may also be a factory of FlatMapFunctions.
 */
export type FlatMapArgument<T, R> =
  | FlatMapFunction<T, R>
  | ((value: T, out: Collector<R>) => Iterable<R> | FlatMapFunction<T, R> | Nothing);

/** Argument of `process` on a stream without key. */
export type ProcessArgument<T, R> =
  | ProcessFunction<T, R>
  | ((value: T, context: ProcessContext, out: Collector<R>) => ProcessFunction<T, R> | Nothing);

/** Argument of `process` on a keyed stream; a plain function is `processElement`. */
export type KeyedProcessArgument<K, T, R> =
  | KeyedProcessFunction<K, T, R>
  | ((
      value: T,
      context: KeyedProcessContext<K>,
      out: Collector<R>,
    ) => KeyedProcessFunction<K, T, R> | Nothing);

/** Argument of `reduce`. */
export type ReduceArgument<T> = ReduceFunction<T> | ((a: T, b: T) => T | ReduceFunction<T>);

/** Argument of `aggregate`. */
export type AggregateArgument<T, ACC, R> =
  | AggregateFunction<T, ACC, R>
  | (() => AggregateFunction<T, ACC, R>);

/** Argument of `map` on connected streams. */
export type CoMapArgument<A, B, R> = CoMapFunction<A, B, R> | (() => CoMapFunction<A, B, R>);

/** Argument of `flatMap` on connected streams. */
export type CoFlatMapArgument<A, B, R> = CoFlatMapFunction<A, B, R> | (() => CoFlatMapFunction<A, B, R>);

/** Argument of `process` on connected streams. */
export type CoProcessArgument<A, B, R> = CoProcessFunction<A, B, R> | (() => CoProcessFunction<A, B, R>);

/** Argument of `process` on connected keyed streams. */
export type KeyedCoProcessArgument<K, A, B, R> =
  | KeyedCoProcessFunction<K, A, B, R>
  | (() => KeyedCoProcessFunction<K, A, B, R>);

declare const collectedRow: unique symbol;

/**
 * What `out.collect(row)` gives in a window function written as a plain function. It exists only for the
 * compiler: returned from the function, it tells the stream what its records are. At run time it is
 * undefined.
 */
export interface Collected<R> {
  readonly [collectedRow]: R;
}

/** Takes the rows of a window function written as a plain function. */
export interface RowCollector {
  collect<R>(row: R): Collected<R>;
}

/** What a window function written as a plain function gets from `process`. */
export interface WindowCall<T, K, W extends Window>
  extends Omit<ProcessWindowContext<T, unknown, K, W>, 'out'> {
  readonly out: RowCollector;
}

/** What a window function written as a plain function gets beside `reduce` or `aggregate`. */
export interface AggregatedWindowCall<T, K, W extends Window>
  extends Omit<AggregatedWindowContext<T, unknown, K, W>, 'out'> {
  readonly out: RowCollector;
}

/**
 * Argument of a window's `process`. A plain function returns its row, or the value of `out.collect(row)`, or
 * nothing; a returned row is emitted unless it is undefined.
 */
export type ProcessWindowArgument<T, R, K, W extends Window> =
  | ProcessWindowFunction<T, R, K, W>
  | (((call: WindowCall<T, K, W>) => R | Collected<R> | ProcessWindowFunction<T, R, K, W> | Nothing) &
      Synchronous<R>);

/** Second argument of a window's `reduce` and `aggregate`; the same forms as in `process`. */
export type AggregatedWindowArgument<T, R, K, W extends Window> =
  | AggregatedWindowFunction<T, R, K, W>
  | (((
      call: AggregatedWindowCall<T, K, W>,
    ) => R | Collected<R> | AggregatedWindowFunction<T, R, K, W> | Nothing) &
      Synchronous<R>);

/** Type of the records that a window function with result R emits. */
export type WindowResult<R> = Exclude<R, undefined>;

/** Names of the properties of T whose values are of type V. */
export type FieldOf<T, V> = { [P in keyof T & string]-?: T[P] extends V ? P : never }[keyof T & string];

/** Names of the properties that can be summed. */
export type SummableField<T> = FieldOf<T, number> | FieldOf<T, bigint>;

/** Names of the properties that can be compared. */
export type ComparableField<T> = FieldOf<T, number | bigint | string | boolean | Date>;
