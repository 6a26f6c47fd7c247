import type { ValueState, ValueStateDescriptor } from '../../core/state.ts';
import { cloneStateValue } from '../../core/state-value.ts';
import type { StateTable } from './state-table.ts';

export class HeapValueState<T> implements ValueState<T> {
  readonly #table: StateTable;
  readonly #defaultValue: T | undefined;

  constructor(table: StateTable, descriptor: ValueStateDescriptor<T>) {
    this.#table = table;
    this.#defaultValue = descriptor.defaultValue;
  }

  value(): T | undefined {
    const stored = this.#table.read();
    if (stored === undefined) return cloneStateValue(this.#defaultValue);
    // A table of kind 'value' holds what `update` of a handle with this descriptor wrote.
    return this.#table.scope.handOut(stored as T);
  }

  update(value: T | undefined): void {
    const table = this.#table;
    table.write(table.admit(value, table.spreadsChecks ? table.read() : undefined));
  }

  clear(): void {
    this.#table.write(undefined);
  }
}
