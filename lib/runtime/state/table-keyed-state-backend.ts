/**
 * Keyed state in a table, with the keys of the moment in memory.
 *
 * 1. A key is in memory with all its places or not at all: it is loaded as a whole when it becomes the
 *    current key, so that handles read and write as they do on the heap.
 * 2. What is in memory and has not changed equals the table: keys go only right after changes were collected
 *    and written, before the next key is set.
 * 3. Between two commits memory is not bounded by the limits but by the keys that come up; whoever commits
 *    is told when there are too many.
 */
import { changeOfRow } from '../../core/codec/keyed-rows.ts';
import { estimateBytes } from '../../core/codec/value-size.ts';
import type { StateScope as CollectScope } from '../../core/connector.ts';
import { type CanonicalKey, canonicalKey } from '../../core/key.ts';
import type { PlaceRow } from '../../core/log/keyed-row.ts';
import type { KeyedChange, KeyedStateDelta } from '../../core/log/state-delta.ts';
import type { KeyedStateStore } from '../../core/state.ts';
import type { Window } from '../../core/window/window.ts';
import { HeapKeyedStateBackend } from './heap-keyed-state-backend.ts';
import { KeyResidency } from './key-residency.ts';
import type { KeyedRowSource, ResidentKeys } from './keyed-row-source.ts';
import type { KeyedStateBackend, MergeableStateDescriptor } from './keyed-state-backend.ts';
import type { StateScopeOptions } from './state-scope.ts';

export class TableKeyedStateBackend implements KeyedStateBackend, ResidentKeys {
  readonly #heap: HeapKeyedStateBackend;
  readonly #source: KeyedRowSource;
  readonly #residency: KeyResidency;
  #current: CanonicalKey | undefined;
  #sweepDue = false;

  constructor(options: Omit<StateScopeOptions, 'trackChanges'>, source: KeyedRowSource) {
    this.#heap = new HeapKeyedStateBackend({ ...options, trackChanges: true });
    this.#source = source;
    this.#residency = new KeyResidency(source.limits);
    source.attachKeys?.(this);
  }

  get currentKey(): unknown {
    return this.#heap.currentKey;
  }

  get currentCanonicalKey(): CanonicalKey {
    return this.#heap.currentCanonicalKey;
  }

  get store(): KeyedStateStore {
    return this.#heap.store;
  }

  get windowStore(): KeyedStateStore {
    return this.#heap.windowStore;
  }

  /** Number of keys in memory. */
  get residentKeys(): number {
    return this.#residency.size;
  }

  setCurrentKey(key: unknown): void {
    this.#heap.setCurrentKey(key);
    const canonical = this.#heap.currentCanonicalKey;
    if (canonical === this.#current) return;
    if (this.#sweepDue) this.#sweep();
    this.#current = canonical;
    if (!this.#residency.use(canonical)) this.#load(key, canonical);
  }

  setCurrentNamespace(window: Window): void {
    this.#heap.setCurrentNamespace(window);
  }

  mergeNamespaces(descriptor: MergeableStateDescriptor, target: Window, sources: readonly Window[]): void {
    this.#heap.mergeNamespaces(descriptor, target, sources);
  }

  /** Changes since the last call, which have to be in the table before the next key is set. All: nothing. */
  collectState(scope: CollectScope): readonly KeyedStateDelta[] {
    if (scope === 'all') return [];
    const states = this.#heap.collectState('changes');
    let bytes = 0;
    for (const { changes } of states) {
      for (const change of changes) if (change.op === 'put') bytes += estimateBytes(change.value);
    }
    this.#residency.grow(bytes);
    this.#sweepDue = this.#residency.exceeded;
    return states;
  }

  /** The table has what these changes say: what is in memory of their keys is forgotten. */
  applyState(states: readonly KeyedStateDelta[]): void {
    const keys = new Set<CanonicalKey>();
    for (const { changes } of states) for (const { key } of changes) keys.add(canonicalKey(key));
    if (keys.size === 0) return;
    for (const key of keys) this.#residency.forget(key);
    this.#heap.evict(keys);
    this.#current = undefined;
  }

  /**
   * Those of the keys of the next batch that are not in memory. The others stay there until changes are
   * collected again; those that were collected last have to be written.
   */
  missingKeys(keys: Iterable<unknown>): readonly unknown[] {
    if (this.#sweepDue) this.#sweep();
    const missing: unknown[] = [];
    for (const key of keys) if (!this.#residency.use(canonicalKey(key))) missing.push(key);
    return missing;
  }

  #load(key: unknown, canonical: CanonicalKey): void {
    const rows = this.#source.readKey(key);
    if (rows.length > 0) this.#heap.applyState(statesOf(key, rows));
    this.#residency.add(canonical);
    this.#residency.grow(rows.reduce((sum, { value }) => sum + value.length, 0));
    if (this.#residency.exceeded) this.#source.full();
  }

  /** The current key may have changed since changes were collected: it stays. */
  #sweep(): void {
    this.#sweepDue = false;
    const gone = this.#residency.sweep(this.#current, () => this.#heap.sizes());
    if (gone.size > 0) this.#heap.evict(gone);
  }
}

function statesOf(key: unknown, rows: readonly PlaceRow[]): readonly KeyedStateDelta[] {
  const states: (KeyedStateDelta & { readonly changes: KeyedChange[] })[] = [];
  for (const row of rows) {
    const { name, kind, change } = changeOfRow(key, row);
    const last = states.at(-1);
    if (last?.name === name) last.changes.push(change);
    else states.push({ name, kind, changes: [change] });
  }
  return states;
}
