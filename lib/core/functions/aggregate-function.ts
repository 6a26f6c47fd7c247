/**
 * Folds records into an accumulator and an accumulator into a result.
 *
 * Shape  `add` and `merge` return the accumulator to keep; they may change and return their first
 *        argument, never their second. `merge` is needed for session windows and lets sliding windows share
 *        work.
 * Source Flink's AggregateFunction, with the accumulator as first argument.
 */
export interface AggregateFunction<IN, ACC, OUT> {
  createAccumulator(): ACC;
  add(accumulator: ACC, value: IN): ACC;
  getResult(accumulator: ACC): OUT;
  merge?(a: ACC, b: ACC): ACC;
}
