import type { AggregateFunction } from '../../core/functions/aggregate-function.ts';
import type { AggregatingState, AggregatingStateDescriptor } from '../../core/state.ts';
import type { StateTable } from './state-table.ts';

export class HeapAggregatingState<IN, ACC, OUT> implements AggregatingState<IN, OUT> {
  readonly #table: StateTable;
  readonly #aggregate: AggregateFunction<IN, ACC, OUT>;

  constructor(table: StateTable, descriptor: AggregatingStateDescriptor<IN, ACC, OUT>) {
    this.#table = table;
    this.#aggregate = descriptor.aggregate;
  }

  get(): OUT | undefined {
    const stored = this.#stored();
    return stored === undefined ? undefined : this.#aggregate.getResult(this.#table.scope.handOut(stored));
  }

  add(value: IN): void {
    const stored = this.#stored();
    // `add` may change its accumulator and return it.
    const accumulator =
      stored === undefined ? this.#aggregate.createAccumulator() : this.#table.scope.lend(stored);
    const admitted = this.#table.admit(this.#aggregate.add(accumulator, value), stored);
    if (admitted !== stored) this.#table.write(admitted);
    else if (typeof admitted === 'object' && this.#table.scope.trackChanges) this.#table.touch();
  }

  clear(): void {
    this.#table.write(undefined);
  }

  #stored(): ACC | undefined {
    // A table of kind 'aggregating' holds accumulators that `add` returned.
    return this.#table.read() as ACC | undefined;
  }
}
