import type { ReducingState, ReducingStateDescriptor } from '../../core/state.ts';
import type { StateTable } from './state-table.ts';

export class HeapReducingState<T> implements ReducingState<T> {
  readonly #table: StateTable;
  readonly #reduce: (a: T, b: T) => T;

  constructor(table: StateTable, descriptor: ReducingStateDescriptor<T>) {
    this.#table = table;
    this.#reduce = descriptor.reduce;
  }

  get(): T | undefined {
    const stored = this.#stored();
    return stored === undefined ? undefined : this.#table.scope.handOut(stored);
  }

  add(value: T): void {
    const stored = this.#stored();
    const reduced = stored === undefined ? value : this.#reduce(this.#table.scope.handOut(stored), value);
    const admitted = this.#table.admit(reduced, stored);
    if (admitted !== stored) this.#table.write(admitted);
    else if (typeof admitted === 'object' && this.#table.scope.trackChanges) this.#table.touch();
  }

  clear(): void {
    this.#table.write(undefined);
  }

  #stored(): T | undefined {
    // A table of kind 'reducing' holds what `reduce` returned.
    return this.#table.read() as T | undefined;
  }
}
