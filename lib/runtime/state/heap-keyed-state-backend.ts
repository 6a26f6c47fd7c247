/** Keyed state in memory: one table per state. */
import type { StateScope as CollectScope } from '../../core/connector.ts';
import { RecordError, UserError } from '../../core/errors.ts';
import { type CanonicalKey, canonicalKey } from '../../core/key.ts';
import type { KeyedStateDelta } from '../../core/log/state-delta.ts';
import type { KeyedStateStore } from '../../core/state.ts';
import type { Window } from '../../core/window/window.ts';
import { HeapStateStore } from './heap-state-store.ts';
import type { KeyedStateBackend, MergeableStateDescriptor } from './keyed-state-backend.ts';
import { StateScope, type StateScopeOptions } from './state-scope.ts';

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

  collectState(collected: CollectScope): readonly KeyedStateDelta[] {
    this.verifyNotMutated();
    const deltas: KeyedStateDelta[] = [];
    for (const store of [this.#store, this.#windowStore]) {
      for (const table of store.tables()) {
        const changes = table.collect(collected);
        if (changes.length > 0) deltas.push({ name: table.name, kind: table.kind, changes });
      }
    }
    return deltas;
  }

  applyState(states: readonly KeyedStateDelta[]): void {
    for (const { name, kind, changes } of states) {
      for (const change of changes) {
        const store = change.namespace === undefined ? this.#store : this.#windowStore;
        store.restoredTable(name, kind).apply(change);
      }
    }
  }

  /** Forgets keys, which does not count as a change; they have no changes that were not collected. */
  evict(keys: ReadonlySet<CanonicalKey>): void {
    for (const store of [this.#store, this.#windowStore]) {
      for (const table of store.tables()) table.evict(keys);
    }
  }

  /** About how many bytes each key has. */
  sizes(): ReadonlyMap<CanonicalKey, number> {
    const sizes = new Map<CanonicalKey, number>();
    for (const store of [this.#store, this.#windowStore]) {
      for (const table of store.tables()) table.measure(sizes);
    }
    return sizes;
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
}
