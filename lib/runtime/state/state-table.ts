/**
 * All values of one named state of one operator: by key, and by window first if the state belongs to windows.
 *
 * What is stored under a key: a value (value, reducing, aggregating), an array (list) or a KeyedMap (map).
 * A key without a value has no entry and a window without keys has no map.
 */
import { InvariantError } from '../../core/errors.ts';
import type { CanonicalKey } from '../../core/key.ts';
import type { Namespace } from '../../core/log/state-delta.ts';
import type { StateDescriptor, StateKind } from '../../core/state.ts';
import { assertStateValue } from '../../core/state-value.ts';
import type { Window } from '../../core/window/window.ts';
import { KeyedMap } from './keyed-map.ts';
import { NamespaceMap } from './namespace-map.ts';
import type { StateScope } from './state-scope.ts';

/** What messages call the value that is written. */
const ROOT_NAMES: Record<StateKind, string> = {
  value: 'value',
  list: 'element',
  map: 'value',
  reducing: 'value',
  aggregating: 'accumulator',
};

/** A value of n parts that keeps its identity is checked every n / PARTS_PER_WRITE writes: constant work. */
const PARTS_PER_WRITE = 32;

interface TableOptions {
  readonly scope: StateScope;
  readonly name: string;
  readonly kind: StateKind;
  readonly windowed: boolean;
}

export class StateTable {
  readonly scope: StateScope;
  readonly name: string;
  readonly kind: StateKind;
  /** The last descriptor that opened this state; undefined for restored state that nobody has opened. */
  descriptor: StateDescriptor | undefined = undefined;
  /** What that descriptor got. */
  handle: unknown = undefined;
  readonly #windowed: boolean;
  readonly #windows = new NamespaceMap<KeyedMap<unknown>>();
  /** The map of `#window`; without windows the only map. */
  #cells: KeyedMap<unknown> | undefined;
  #window: Window | undefined;
  #uncheckedWrites = 0;
  readonly #where: () => string;

  constructor({ scope, name, kind, windowed }: TableOptions) {
    this.scope = scope;
    this.name = name;
    this.kind = kind;
    this.#windowed = windowed;
    this.#cells = windowed ? undefined : new KeyedMap();
    this.#where = () => `State '${name}' of operator '${scope.operatorLabel}'`;
  }

  /** What is stored under the current key (and window); undefined if nothing is. */
  read(): unknown {
    const canonical = this.scope.canonical ?? this.scope.requireCanonical(this.name);
    this.scope.freezer?.verifyNotMutated();
    return this.#cellsHere()?.get(canonical);
  }

  /** Replaces what is stored; undefined removes it. `stored` has been admitted. */
  write(stored: unknown): void {
    const { scope } = this;
    const canonical = scope.canonical ?? scope.requireCanonical(this.name);
    scope.freezer?.verifyNotMutated();
    const { journal, window, key } = scope;
    if (journal !== undefined) {
      const previous = this.#cellsHere()?.get(canonical);
      journal.record(() => this.#restore(window, [canonical, key], previous));
    }
    if (stored === undefined) this.#remove(canonical);
    else (this.#cellsHere() ?? this.#addWindow()).set(canonical, key, stored);
  }

  /** True while `admit` needs to know the previous value. */
  get spreadsChecks(): boolean {
    return this.#uncheckedWrites > 0;
  }

  /** Checks a value that is about to be stored in place of `previous` and returns what to store. */
  admit(value: unknown, previous: unknown): unknown {
    if (typeof value === 'object' && value === previous && this.#uncheckedWrites > 0) this.#uncheckedWrites--;
    else {
      const parts = assertStateValue(value, this.#where, ROOT_NAMES[this.kind]);
      this.#uncheckedWrites = Math.floor(parts / PARTS_PER_WRITE);
    }
    const { freezer } = this.scope;
    return freezer === undefined ? value : freezer.freeze(value, this.#where);
  }

  /** The inside of one key was changed in place: remembers how to undo it. */
  remember(undo: () => void): void {
    this.scope.journal?.record(undo);
  }

  /** Every entry with its window and its original key. */
  *entries(): Generator<{ readonly namespace: Namespace; readonly key: unknown; readonly stored: unknown }> {
    if (!this.#windowed) {
      if (this.#cells === undefined) return;
      for (const [key, stored] of this.#cells.entries()) yield { namespace: undefined, key, stored };
    }
    for (const [namespace, cells] of this.#windows.entries()) {
      for (const [key, stored] of cells.entries()) yield { namespace, key, stored };
    }
  }

  #cellsHere(): KeyedMap<unknown> | undefined {
    const { window } = this.scope;
    if (this.#windowed && this.#window !== window) {
      this.#cells = window === undefined ? undefined : this.#windows.get(window);
      this.#window = window;
    }
    return this.#cells;
  }

  #addWindow(): KeyedMap<unknown> {
    const { window } = this.scope;
    if (window === undefined) {
      throw new InvariantError('INVARIANT', `${this.#where()} was written before a window was set.`);
    }
    const cells = new KeyedMap<unknown>();
    this.#windows.set(window, cells);
    this.#cells = cells;
    return cells;
  }

  #remove(canonical: CanonicalKey): void {
    const cells = this.#cellsHere();
    if (cells === undefined) return;
    cells.delete(canonical);
    const { window } = this.scope;
    if (!this.#windowed || cells.size > 0 || window === undefined) return;
    this.#windows.delete(window);
    this.#cells = undefined;
  }

  /** Puts an entry back as it was, wherever the scope stands meanwhile. */
  #restore(window: Window | undefined, at: readonly [CanonicalKey, unknown], stored: unknown): void {
    const { scope } = this;
    const now = { window: scope.window, key: scope.key, canonical: scope.canonical };
    scope.window = window;
    [scope.canonical, scope.key] = at;
    if (stored === undefined) this.#remove(at[0]);
    else (this.#cellsHere() ?? this.#addWindow()).set(at[0], at[1], stored);
    scope.window = now.window;
    scope.key = now.key;
    scope.canonical = now.canonical;
  }
}
