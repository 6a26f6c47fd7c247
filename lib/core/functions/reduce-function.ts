import type { RichFunction } from './rich-function.ts';

/** Combines two records of one type into one; must be associative. Source: Flink's ReduceFunction. */
export interface ReduceFunction<T> extends RichFunction {
  reduce(a: T, b: T): T;
}
