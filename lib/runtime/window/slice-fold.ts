import type { AggregateFunction } from '../../core/functions/aggregate-function.ts';
import type { ReduceFunction } from '../../core/functions/reduce-function.ts';

/** How the records of a pane become an accumulator and accumulators a result. */
export interface SliceFold {
  readonly kind: 'aggregating' | 'reducing';
  /** The accumulator of one record. */
  first(value: unknown): unknown;
  /** May change and return `accumulator`. */
  add(accumulator: unknown, value: unknown): unknown;
  /** An accumulator of a window that begins with that of a slice; it may be the slice's own. */
  begin(accumulator: unknown): unknown;
  /** May change and return `a`; never changes `b`, but may return it. */
  merge(a: unknown, b: unknown): unknown;
  result(accumulator: unknown): unknown;
}

export class AggregateFold implements SliceFold {
  readonly kind = 'aggregating';
  readonly #aggregate: AggregateFunction<unknown, unknown, unknown>;

  constructor(aggregate: AggregateFunction<unknown, unknown, unknown>) {
    this.#aggregate = aggregate;
  }

  first(value: unknown): unknown {
    return this.#aggregate.add(this.#aggregate.createAccumulator(), value);
  }

  add(accumulator: unknown, value: unknown): unknown {
    return this.#aggregate.add(accumulator, value);
  }

  begin(accumulator: unknown): unknown {
    return this.merge(this.#aggregate.createAccumulator(), accumulator);
  }

  merge(a: unknown, b: unknown): unknown {
    // Without `merge` every window is one slice, and nothing is ever merged.
    return this.#aggregate.merge === undefined ? b : this.#aggregate.merge(a, b);
  }

  result(accumulator: unknown): unknown {
    return this.#aggregate.getResult(accumulator);
  }
}

export class ReduceFold implements SliceFold {
  readonly kind = 'reducing';
  readonly #reduce: ReduceFunction<unknown>;

  constructor(reduce: ReduceFunction<unknown>) {
    this.#reduce = reduce;
  }

  first(value: unknown): unknown {
    return value;
  }

  add(accumulator: unknown, value: unknown): unknown {
    return this.#reduce.reduce(accumulator, value);
  }

  begin(accumulator: unknown): unknown {
    return accumulator;
  }

  merge(a: unknown, b: unknown): unknown {
    return this.#reduce.reduce(a, b);
  }

  result(accumulator: unknown): unknown {
    return accumulator;
  }
}
