/**
 * Keyed state as user code sees it: descriptors that declare it and synchronous handles that read and write
 * it.
 *
 * A value must be structured-clone-like data: primitives, plain objects, arrays, Map, Set, Date, bigint,
 * typed arrays, `undefined` kept. Functions, symbols and class instances are refused at the write.
 */
import { UserError } from './errors.ts';
import type { AggregateFunction } from './functions/aggregate-function.ts';

/** Value that is read and written as a whole. One value per key. */
export interface ValueState<T> {
  /** The value of the current key, or the descriptor's default, or undefined. */
  value(): T | undefined;
  /** Replaces the value of the current key; `undefined` clears it. */
  update(value: T | undefined): void;
  /** Removes the value of the current key. */
  clear(): void;
}

/** Ordered list of values. One list per key. */
export interface ListState<T> {
  /** The elements in the order they were added; empty if there are none. */
  get(): readonly T[];
  add(value: T): void;
  addAll(values: Iterable<T>): void;
  /** Replaces the whole list. */
  update(values: Iterable<T>): void;
  clear(): void;
}

/** Map from user keys to values. One map per key. User keys follow the rules of stream keys. */
export interface MapState<K, V> {
  get(key: K): V | undefined;
  put(key: K, value: V): void;
  putAll(entries: Iterable<readonly [K, V]>): void;
  remove(key: K): void;
  contains(key: K): boolean;
  entries(): Iterable<readonly [K, V]>;
  keys(): Iterable<K>;
  values(): Iterable<V>;
  isEmpty(): boolean;
  clear(): void;
}

/** One value that is the reduction of everything added. */
export interface ReducingState<T> {
  get(): T | undefined;
  add(value: T): void;
  clear(): void;
}

/** One aggregate of everything added; the accumulator is what is stored. */
export interface AggregatingState<IN, OUT> {
  get(): OUT | undefined;
  add(value: IN): void;
  clear(): void;
}

/** The kinds of keyed state. */
export type StateKind = 'value' | 'list' | 'map' | 'reducing' | 'aggregating';

/**
 * Declares a ValueState. The name is unique within its operator. Throws UserError STATE_NAME_CONFLICT if
 * empty.
 */
export class ValueStateDescriptor<T> {
  readonly kind = 'value' as const;
  readonly name: string;
  /** What `value()` answers for a key without a value. */
  readonly defaultValue: T | undefined;

  constructor(name: string, defaultValue?: T) {
    this.name = stateName(name);
    this.defaultValue = defaultValue;
  }
}

/**
 * Declares a ListState. The name is unique within its operator. Throws UserError STATE_NAME_CONFLICT if
 * empty.
 */
export class ListStateDescriptor<T> {
  readonly kind = 'list' as const;
  readonly name: string;
  /** Only for the compiler. Never set. */
  declare readonly elementType: T;

  constructor(name: string) {
    this.name = stateName(name);
  }
}

/**
 * Declares a MapState. The name is unique within its operator. Throws UserError STATE_NAME_CONFLICT if
 * empty.
 */
export class MapStateDescriptor<K, V> {
  readonly kind = 'map' as const;
  readonly name: string;
  /** Only for the compiler. Never set. */
  declare readonly entryType: readonly [K, V];

  constructor(name: string) {
    this.name = stateName(name);
  }
}

/**
 * Declares a ReducingState with its reduce function. Throws UserError STATE_NAME_CONFLICT if the name is
 * empty.
 */
export class ReducingStateDescriptor<T> {
  readonly kind = 'reducing' as const;
  readonly name: string;
  readonly reduce: (a: T, b: T) => T;

  constructor(name: string, reduce: { reduce(a: T, b: T): T } | ((a: T, b: T) => T)) {
    this.name = stateName(name);
    this.reduce = typeof reduce === 'function' ? reduce : (a, b) => reduce.reduce(a, b);
  }
}

/**
 * Declares an AggregatingState with its aggregate function. Throws UserError STATE_NAME_CONFLICT if
 * unnamed.
 */
export class AggregatingStateDescriptor<IN, ACC, OUT> {
  readonly kind = 'aggregating' as const;
  readonly name: string;
  readonly aggregate: AggregateFunction<IN, ACC, OUT>;

  constructor(name: string, aggregate: AggregateFunction<IN, ACC, OUT>) {
    this.name = stateName(name);
    this.aggregate = aggregate;
  }
}

/** A descriptor of any kind, with its types erased. */
export type StateDescriptor =
  | ValueStateDescriptor<unknown>
  | ListStateDescriptor<unknown>
  | MapStateDescriptor<unknown, unknown>
  | ReducingStateDescriptor<never>
  | AggregatingStateDescriptor<never, never, unknown>;

/** Opens handles on keyed state; each handle always acts on the current key. */
export interface KeyedStateStore {
  /**
   * Throws UserError STATE_WITHOUT_KEY outside a keyed stream, STATE_NAME_CONFLICT if the name has another
   * kind.
   */
  getState<T>(descriptor: ValueStateDescriptor<T>): ValueState<T>;
  getListState<T>(descriptor: ListStateDescriptor<T>): ListState<T>;
  getMapState<K, V>(descriptor: MapStateDescriptor<K, V>): MapState<K, V>;
  getReducingState<T>(descriptor: ReducingStateDescriptor<T>): ReducingState<T>;
  getAggregatingState<IN, ACC, OUT>(
    descriptor: AggregatingStateDescriptor<IN, ACC, OUT>,
  ): AggregatingState<IN, OUT>;
}

function stateName(name: string): string {
  if (typeof name !== 'string' || name.length === 0) {
    throw new UserError(
      'STATE_NAME_CONFLICT',
      'A state descriptor needs a non-empty name, unique within its operator.',
    );
  }
  return name;
}
