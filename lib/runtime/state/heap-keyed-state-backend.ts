/** Keyed state in memory: one table per state, snapshots as self-contained data. */
import { InvariantError, RecordError, UserError } from '../../core/errors.ts';
import { type CanonicalKey, canonicalKey } from '../../core/key.ts';
import type { KeyedStateStore } from '../../core/state.ts';
import { assertStateValue, cloneStateValue } from '../../core/state-value.ts';
import type { Window } from '../../core/window/window.ts';
import type { KeyedEntry, KeyedStateSnapshot } from '../snapshot.ts';
import { HeapStateStore } from './heap-state-store.ts';
import { KeyedMap } from './keyed-map.ts';
import type { KeyedStateBackend, MergeableStateDescriptor } from './keyed-state-backend.ts';
import { windowOf } from './namespace.ts';
import { StateScope, type StateScopeOptions } from './state-scope.ts';
import type { StateTable } from './state-table.ts';

export class HeapKeyedStateBackend implements KeyedStateBackend {
  readonly #scope: StateScope;
  readonly #store: HeapStateStore;
  readonly #windowStore: HeapStateStore;

  constructor(options: StateScopeOptions) {
    this.#scope = new StateScope(options);
    this.#store = new HeapStateStore(this.#scope, false);
    this.#windowStore = new HeapStateStore(this.#scope, true);
  }

  get currentKey(): unknown {
    return this.#scope.key;
  }

  get currentCanonicalKey(): CanonicalKey {
    const { canonical } = this.#scope;
    if (canonical !== undefined) return canonical;
    throw new UserError(
      'STATE_WITHOUT_KEY',
      `Operator '${this.#scope.operatorLabel}' used a timer while no record or timer was being processed; ` +
        'register and delete timers only in the functions that get a record or timer.',
    );
  }

  get store(): KeyedStateStore {
    return this.#store;
  }

  get windowStore(): KeyedStateStore {
    return this.#windowStore;
  }

  setCurrentKey(key: unknown): void {
    const scope = this.#scope;
    scope.freezer?.verifyNotMutated();
    scope.canonical =
      typeof key === 'number' || (typeof key === 'string' && key.charCodeAt(0) !== 0)
        ? key
        : this.#canonical(key);
    scope.key = key;
  }

  setCurrentNamespace(window: Window): void {
    this.#scope.window = window;
  }

  mergeNamespaces(descriptor: MergeableStateDescriptor, target: Window, sources: readonly Window[]): void {
    const scope = this.#scope;
    const table = this.#windowStore.table(descriptor.name, descriptor.kind);
    const before = scope.window;
    let merged: unknown;
    for (const source of sources) {
      scope.window = source;
      const stored = table.read();
      if (stored === undefined) continue;
      table.write(undefined);
      merged = merged === undefined ? stored : this.#merge(descriptor, merged, stored);
    }
    if (merged !== undefined) {
      scope.window = target;
      const stored = table.read();
      const whole = stored === undefined ? merged : this.#merge(descriptor, stored, merged);
      table.write(descriptor.kind === 'list' ? this.#frozenList(whole) : table.admit(whole, undefined));
    }
    scope.window = before;
  }

  /** Throws UserError STATE_MUTATED if frozen state that was handed out has been changed in place. */
  verifyNotMutated(): void {
    this.#scope.freezer?.verifyNotMutated();
  }

  snapshot(): readonly KeyedStateSnapshot[] {
    this.verifyNotMutated();
    const states: KeyedStateSnapshot[] = [];
    for (const store of [this.#store, this.#windowStore]) {
      for (const table of store.tables()) {
        const entries = this.#entriesOf(table);
        if (entries.length > 0) states.push({ name: table.name, kind: table.kind, entries });
      }
    }
    return states;
  }

  restore(states: readonly KeyedStateSnapshot[]): void {
    const scope = this.#scope;
    const { key, canonical, window } = scope;
    for (const { name, kind, entries } of states) {
      for (const entry of entries) {
        const store = entry.namespace === undefined ? this.#store : this.#windowStore;
        const table = store.table(name, kind);
        scope.key = cloneStateValue(entry.key);
        scope.canonical = canonicalKey(entry.key);
        scope.window = windowOf(entry.namespace);
        table.write(this.#imported(table, cloneStateValue(entry.value)));
      }
    }
    Object.assign(scope, { key, canonical, window });
  }

  #canonical(key: unknown): CanonicalKey {
    const { operatorLabel } = this.#scope;
    if (key === undefined || key === null) {
      throw new RecordError(
        'KEY_INVALID',
        `The key selector of operator '${operatorLabel}' returned ${key}; return a string, number, bigint, ` +
          'boolean, Date, or a tuple or plain object of these.',
        { context: { operatorName: operatorLabel } },
      );
    }
    return canonicalKey(key);
  }

  #merge(descriptor: MergeableStateDescriptor, a: unknown, b: unknown): unknown {
    const scope = this.#scope;
    switch (descriptor.kind) {
      case 'list':
        // Tables of kind 'list' hold arrays.
        return [...(a as readonly unknown[]), ...(b as readonly unknown[])];
      case 'reducing':
        // The table holds values of the type that this descriptor reduces.
        return descriptor.reduce(scope.handOut(a) as never, scope.handOut(b) as never);
      case 'aggregating': {
        const { aggregate } = descriptor;
        if (aggregate.merge === undefined) {
          throw new UserError(
            'FUNCTION_INVALID',
            `The AggregateFunction of state '${descriptor.name}' of operator '${scope.operatorLabel}' has ` +
              'no merge method, which merging windows need; add merge(a, b).',
          );
        }
        // The table holds accumulators of this aggregate function. `merge` may change its first argument.
        return aggregate.merge(scope.lend(a) as never, scope.handOut(b) as never);
      }
    }
  }

  #frozenList(list: unknown): unknown {
    return this.#scope.freezer === undefined ? list : Object.freeze(list);
  }

  #entriesOf(table: StateTable): readonly KeyedEntry[] {
    const where = () => `State '${table.name}' of operator '${this.#scope.operatorLabel}'`;
    return Array.from(table.entries(), ({ namespace, key, stored }) => {
      const value = stored instanceof KeyedMap ? [...stored.entries()] : stored;
      // A large value that was changed in place may not have been looked at after its last change.
      assertStateValue(value, where);
      return { key: cloneStateValue(key), namespace, value: cloneStateValue(value) };
    });
  }

  /** What a table stores for the value of a snapshot entry. */
  #imported(table: StateTable, value: unknown): unknown {
    if (table.kind !== 'list' && table.kind !== 'map') return table.admit(value, undefined);
    if (!Array.isArray(value)) {
      throw new InvariantError('INVARIANT', `Restored ${table.kind} state '${table.name}' is not an array.`);
    }
    if (table.kind === 'list') return this.#frozenList(value.map((item) => table.admit(item, undefined)));
    const map = new KeyedMap<unknown>();
    for (const [key, part] of value) map.set(canonicalKey(key), key, table.admit(part, undefined));
    return map;
  }
}
