import { UserError } from '../../core/errors.ts';
import type {
  AggregatingState,
  AggregatingStateDescriptor,
  KeyedStateStore,
  ListState,
  ListStateDescriptor,
  MapState,
  MapStateDescriptor,
  ReducingState,
  ReducingStateDescriptor,
  StateDescriptor,
  StateKind,
  ValueState,
  ValueStateDescriptor,
} from '../../core/state.ts';
import { HeapAggregatingState } from './heap-aggregating-state.ts';
import { HeapListState } from './heap-list-state.ts';
import { HeapMapState } from './heap-map-state.ts';
import { HeapReducingState } from './heap-reducing-state.ts';
import { HeapValueState } from './heap-value-state.ts';
import type { StateScope } from './state-scope.ts';
import { StateTable } from './state-table.ts';

/** The named states of one operator: those of its keys, or those of its keys and windows. */
export class HeapStateStore implements KeyedStateStore {
  readonly #scope: StateScope;
  readonly #windowed: boolean;
  readonly #tables = new Map<string, StateTable>();

  constructor(scope: StateScope, windowed: boolean) {
    this.#scope = scope;
    this.#windowed = windowed;
  }

  getState<T>(descriptor: ValueStateDescriptor<T>): ValueState<T> {
    return this.#handle(descriptor, (table) => new HeapValueState(table, descriptor));
  }

  getListState<T>(descriptor: ListStateDescriptor<T>): ListState<T> {
    return this.#handle(descriptor, (table) => new HeapListState<T>(table));
  }

  getMapState<K, V>(descriptor: MapStateDescriptor<K, V>): MapState<K, V> {
    return this.#handle(descriptor, (table) => new HeapMapState<K, V>(table));
  }

  getReducingState<T>(descriptor: ReducingStateDescriptor<T>): ReducingState<T> {
    return this.#handle(descriptor, (table) => new HeapReducingState(table, descriptor));
  }

  getAggregatingState<IN, ACC, OUT>(
    descriptor: AggregatingStateDescriptor<IN, ACC, OUT>,
  ): AggregatingState<IN, OUT> {
    return this.#handle(descriptor, (table) => new HeapAggregatingState(table, descriptor));
  }

  tables(): Iterable<StateTable> {
    return this.#tables.values();
  }

  /** The table of a name, made if there is none. Throws UserError if the name has another kind. */
  table(name: string, kind: StateKind): StateTable {
    let table = this.#tables.get(name);
    if (table === undefined) {
      table = new StateTable({ scope: this.#scope, name, kind, windowed: this.#windowed });
      this.#tables.set(name, table);
    } else if (table.kind !== kind) {
      throw this.#conflict(table, kind);
    }
    return table;
  }

  /** The table for restored state. Throws UserError STATE_INCOMPATIBLE if the name has another kind. */
  restoredTable(name: string, kind: StateKind): StateTable {
    const table = this.#tables.get(name);
    if (table !== undefined && table.kind !== kind) throw this.#incompatible(name, kind, table.kind);
    return table ?? this.table(name, kind);
  }

  /** A function may open its state for every record: the handle of the last descriptor is kept. */
  #handle<H>(
    descriptor: { readonly name: string; readonly kind: StateKind },
    create: (table: StateTable) => H,
  ): H {
    const table = this.table(descriptor.name, descriptor.kind);
    if (table.descriptor !== descriptor) {
      table.handle = create(table);
      // Every descriptor class is a member of the union; its type parameters are erased here.
      table.descriptor = descriptor as StateDescriptor;
    }
    // The handle was made for this very descriptor, so it has the types that the descriptor declares.
    return table.handle as H;
  }

  #conflict(table: StateTable, kind: StateKind): UserError {
    if (table.descriptor === undefined) return this.#incompatible(table.name, table.kind, kind);
    const { operatorLabel } = this.#scope;
    return new UserError(
      'STATE_NAME_CONFLICT',
      `State '${table.name}' of operator '${operatorLabel}' is opened as ${kind} state but was opened ` +
        `as ${table.kind} state before; give each state of an operator its own name.`,
      { context: { operatorName: operatorLabel, stateName: table.name } },
    );
  }

  #incompatible(stateName: string, restored: StateKind, opened: StateKind): UserError {
    const { operatorLabel } = this.#scope;
    return new UserError(
      'STATE_INCOMPATIBLE',
      `State '${stateName}' of operator '${operatorLabel}' was restored as ${restored} state but is ` +
        `opened as ${opened} state; give the new state another name.`,
      { context: { operatorName: operatorLabel, stateName } },
    );
  }
}
