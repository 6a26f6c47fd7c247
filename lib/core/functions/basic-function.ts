import type { Collector, RichFunction } from './rich-function.ts';

/** One record in, one record out. Source: Flink's MapFunction. */
export interface MapFunction<IN, OUT> extends RichFunction {
  map(value: IN): OUT;
}

/** Keeps the records for which `filter` is true. Source: Flink's FilterFunction. */
export interface FilterFunction<T> extends RichFunction {
  filter(value: T): boolean;
}

/** One record in, any number out. Source: Flink's FlatMapFunction. */
export interface FlatMapFunction<IN, OUT> extends RichFunction {
  flatMap(value: IN, out: Collector<OUT>): void;
}

/** A map on each of two connected streams. Source: Flink's CoMapFunction. */
export interface CoMapFunction<IN1, IN2, OUT> extends RichFunction {
  map1(value: IN1): OUT;
  map2(value: IN2): OUT;
}

/** A flatMap on each of two connected streams. Source: Flink's CoFlatMapFunction. */
export interface CoFlatMapFunction<IN1, IN2, OUT> extends RichFunction {
  flatMap1(value: IN1, out: Collector<OUT>): void;
  flatMap2(value: IN2, out: Collector<OUT>): void;
}

/** Chooses the channel of a record: an index below `numPartitions`. Source: Flink's Partitioner. */
export type Partitioner<K> = (key: K, numPartitions: number) => number;
