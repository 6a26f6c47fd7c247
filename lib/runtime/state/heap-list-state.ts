import type { ListState } from '../../core/state.ts';
import type { StateTable } from './state-table.ts';

const EMPTY: readonly never[] = Object.freeze([]);

export class HeapListState<T> implements ListState<T> {
  readonly #table: StateTable;

  constructor(table: StateTable) {
    this.#table = table;
  }

  get(): readonly T[] {
    const items = this.#items();
    if (items === undefined) return EMPTY;
    const { scope } = this.#table;
    if (scope.freezer === undefined) return scope.handOut(items);
    for (const item of items) scope.freezer.watch(item);
    return items;
  }

  add(value: T): void {
    const items = this.#items();
    const admitted = this.#admit(value);
    if (items === undefined) this.#table.write(this.#whole([admitted]));
    else if (this.#table.scope.freezer !== undefined) this.#append(items, [admitted]);
    else {
      this.#rememberLength(items);
      items.push(admitted);
    }
  }

  addAll(values: Iterable<T>): void {
    const admitted = Array.from(values, (value) => this.#admit(value));
    if (admitted.length === 0) return;
    const items = this.#items();
    if (items === undefined) this.#table.write(this.#whole(admitted));
    else if (this.#table.scope.freezer !== undefined) this.#append(items, admitted);
    else {
      this.#rememberLength(items);
      for (const item of admitted) items.push(item);
    }
  }

  update(values: Iterable<T>): void {
    const items = Array.from(values, (value) => this.#admit(value));
    this.#table.write(items.length === 0 ? undefined : this.#whole(items));
  }

  clear(): void {
    this.#table.write(undefined);
  }

  /** A frozen list is replaced by a longer one. */
  #append(items: readonly T[], more: readonly T[]): void {
    this.#table.writeLonger(this.#whole([...items, ...more]), items.length);
  }

  /** Elements are about to be added in place. */
  #rememberLength(items: T[]): void {
    const { scope } = this.#table;
    const { length } = items;
    if (scope.trackChanges) this.#table.appended(length);
    if (scope.journal === undefined) return;
    this.#table.remember(() => {
      items.length = length;
    });
  }

  #items(): T[] | undefined {
    // A table of kind 'list' holds arrays of what `add` and `update` wrote.
    return this.#table.read() as T[] | undefined;
  }

  #admit(value: T): T {
    // `admit` returns the value or a frozen copy of it.
    return this.#table.admit(value, undefined) as T;
  }

  #whole(items: T[]): T[] {
    if (this.#table.scope.freezer !== undefined) Object.freeze(items);
    return items;
  }
}
