/**
 * All values of one named state of one operator: by key, and by window first if the state belongs to windows.
 *
 * What a cell holds: a value (value, reducing, aggregating), an array (list) or a KeyedMap (map).
 * A key without a value has no cell and a window without keys has no map of cells.
 */
import { estimateBytes } from '../../core/codec/value-size.ts';
import type { StateScope as CollectScope } from '../../core/connector.ts';
import { InvariantError } from '../../core/errors.ts';
import { type CanonicalKey, canonicalKey } from '../../core/key.ts';
import { LIMITS } from '../../core/limits.ts';
import type { KeyedChange, Namespace } from '../../core/log/state-delta.ts';
import type { StateDescriptor, StateKind } from '../../core/state.ts';
import { assertStateValue } from '../../core/state-value.ts';
import type { Window } from '../../core/window/window.ts';
import { Cell, CellChanges, putAll } from './cell-changes.ts';
import { KeyedMap } from './keyed-map.ts';
import { namespaceOf, windowOf } from './namespace.ts';
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

/** The cells of one window; without windows there is one such map. */
interface Cells {
  readonly byKey: Map<CanonicalKey, Cell>;
  /** Undefined unless changes are tracked. */
  readonly changes: CellChanges | undefined;
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
  readonly #windows = new NamespaceMap<Cells>();
  /** The cells of `#window`; without windows the only ones. */
  #cells: Cells | undefined;
  #window: Window | undefined;
  /** The cell that was used last in `#cells`: most reads are followed by a write. */
  #cell: Cell | undefined;
  #cellKey: CanonicalKey | undefined;
  /** Cells with changes, in the order in which they were first changed. */
  #dirty: CellChanges[] = [];
  #uncheckedWrites = 0;
  readonly #where: () => string;

  constructor({ scope, name, kind, windowed }: TableOptions) {
    this.scope = scope;
    this.name = name;
    this.kind = kind;
    this.#windowed = windowed;
    this.#cells = windowed ? undefined : this.#newCells(undefined);
    this.#where = () => `State '${name}' of operator '${scope.operatorLabel}'`;
  }

  /** What is stored under the current key (and window); undefined if nothing is. */
  read(): unknown {
    this.scope.freezer?.verifyNotMutated();
    return this.#cellHere()?.stored;
  }

  /** Replaces what is stored; undefined removes it. `stored` has been admitted. */
  write(stored: unknown): void {
    const { scope } = this;
    scope.freezer?.verifyNotMutated();
    const cell = this.#cellHere();
    this.#rememberCell(cell);
    if (stored === undefined) this.#remove(cell);
    else if (cell === undefined) this.#add(stored);
    else {
      const before = cell.stored;
      cell.stored = stored;
      if (scope.trackChanges) this.#cells?.changes?.replaced(cell, before);
    }
  }

  /** Replaces a list, which has `length` elements, by one that has the same and more behind them. */
  writeLonger(items: readonly unknown[], length: number): void {
    const cell = this.#cellHere();
    if (cell === undefined) return;
    this.#rememberCell(cell);
    cell.stored = items;
    this.#cells?.changes?.appended(cell, length);
  }

  /** What is stored under the current key, which stays the same object, was changed inside. */
  touch(): void {
    const cell = this.#cellHere();
    if (cell !== undefined) this.#cells?.changes?.replaced(cell, undefined);
  }

  /** The list under the current key, which has `length` elements, gets more in place. */
  appended(length: number): void {
    const cell = this.#cellHere();
    if (cell !== undefined) this.#cells?.changes?.appended(cell, length);
  }

  /** An entry of the map under the current key was written. */
  partWritten(part: CanonicalKey, isNew: boolean): void {
    const cell = this.#cellHere();
    if (cell !== undefined) this.#cells?.changes?.partWritten(cell, part, isNew);
  }

  /** An entry of the map under the current key was removed; the map has others. */
  partRemoved(part: CanonicalKey, key: unknown): void {
    const cell = this.#cellHere();
    if (cell !== undefined) this.#cells?.changes?.partRemoved(cell, part, key);
  }

  /** Tells that an entry of the map that is at hand now was put back; undefined if nobody wants to know. */
  partMarker(): ((part: CanonicalKey, isNew: boolean) => void) | undefined {
    const cell = this.#cellHere();
    const changes = this.#cells?.changes;
    if (cell === undefined || changes === undefined) return undefined;
    return (part, isNew) => changes.partWritten(cell, part, isNew);
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

  /** All there is, or what has changed since changes were last collected. Values are live. */
  collect(scope: CollectScope): readonly KeyedChange[] {
    const changes: KeyedChange[] = [];
    if (scope === 'changes') {
      const dirty = this.#dirty;
      this.#dirty = [];
      for (const cells of dirty) cells.collectInto(changes);
    } else {
      for (const [namespace, { byKey }] of this.#allCells()) {
        for (const cell of byKey.values()) putAll(this.kind, { cell, namespace }, changes);
      }
    }
    // A large value that was changed in place may not have been looked at after its last change.
    for (const change of changes) {
      if (change.op === 'put') assertStateValue(change.value, this.#where, ROOT_NAMES[this.kind]);
    }
    return changes;
  }

  /** Takes in a change that does not count as one. */
  apply(change: KeyedChange): void {
    const canonical = canonicalKey(change.key);
    const window = windowOf(change.namespace);
    const cells = this.#cellsOf(window);
    const cell = cells?.byKey.get(canonical);
    const stored = this.#changed(cell?.stored, change);
    if (stored === undefined) {
      if (cell !== undefined) this.#drop(cells, [window, canonical]);
    } else if (cell !== undefined) cell.stored = stored;
    else (cells ?? this.#addCells(window)).byKey.set(canonical, newCell(canonical, change.key, stored));
    this.#forgetPlace();
  }

  /** Cells have come or gone behind the back of the scope. */
  #forgetPlace(): void {
    this.#cell = undefined;
    if (!this.#windowed) return;
    this.#cells = undefined;
    this.#window = undefined;
  }

  /** Forgets keys, which does not count as a change; they have no changes that were not collected. */
  evict(keys: ReadonlySet<CanonicalKey>): void {
    for (const [namespace, cells] of [...this.#allCells()]) {
      const { byKey } = cells;
      // Both may be many: the fewer are looked up among the others.
      const gone = keys.size < byKey.size ? keys : [...byKey.keys()].filter((key) => keys.has(key));
      for (const canonical of gone) {
        if (byKey.has(canonical)) this.#drop(cells, [windowOf(namespace), canonical]);
      }
    }
    this.#forgetPlace();
  }

  /** Adds to `sizes` about how many bytes each key has. */
  measure(sizes: Map<CanonicalKey, number>): void {
    for (const [, { byKey }] of this.#allCells()) {
      for (const [canonical, { stored }] of byKey) {
        const value = stored instanceof KeyedMap ? new Map(stored.entries()) : stored;
        sizes.set(canonical, (sizes.get(canonical) ?? 0) + estimateBytes(value));
      }
    }
  }

  /** What a place holds after a change; undefined for nothing. */
  #changed(before: unknown, change: KeyedChange): unknown {
    if (change.op === 'clear') return undefined;
    switch (this.kind) {
      case 'list':
        // Cells of kind 'list' hold arrays.
        return this.#changedList((before ?? []) as unknown[], change);
      case 'map':
        // Cells of kind 'map' hold these.
        return this.#changedMap((before ?? new KeyedMap()) as KeyedMap<unknown>, change);
      default:
        return change.op === 'put' ? this.admit(change.value, undefined) : undefined;
    }
  }

  #changedList(before: unknown[], change: Exclude<KeyedChange, { op: 'clear' }>): unknown {
    const size = LIMITS.stateListChunk;
    const at = Number(change.part) * size;
    // The put of a last, shorter chunk has taken along what was behind it.
    if (change.op === 'remove' && at > before.length) return before.length === 0 ? undefined : before;
    const chunk = change.op === 'put' ? change.value : [];
    if (!(at >= 0 && at <= before.length) || !Array.isArray(chunk)) {
      throw new InvariantError(
        'INVARIANT',
        `${this.#where()} has no chunk ${String(change.part)} of a list.`,
      );
    }
    const { freezer } = this.scope;
    const items = freezer === undefined ? before : before.slice();
    // Only the last chunk is shorter: there is nothing behind it.
    if (chunk.length < size) items.length = at;
    for (let i = 0; i < chunk.length; i++) items[at + i] = this.admit(chunk[i], undefined);
    if (items.length === 0) return undefined;
    return freezer === undefined ? items : Object.freeze(items);
  }

  #changedMap(map: KeyedMap<unknown>, change: Exclude<KeyedChange, { op: 'clear' }>): unknown {
    const part = canonicalKey(change.part);
    if (change.op === 'put') map.set(part, change.part, this.admit(change.value, undefined));
    else map.delete(part);
    return map.size === 0 ? undefined : map;
  }

  *#allCells(): Generator<[Namespace, Cells]> {
    if (this.#windowed) yield* this.#windows.entries();
    else if (this.#cells !== undefined) yield [undefined, this.#cells];
  }

  #cellsHere(): Cells | undefined {
    const { window } = this.scope;
    if (this.#windowed && this.#window !== window) {
      this.#cells = window === undefined ? undefined : this.#windows.get(window);
      this.#window = window;
      this.#cell = undefined;
    }
    return this.#cells;
  }

  /** The cell of the current key and window. */
  #cellHere(): Cell | undefined {
    const canonical = this.scope.canonical ?? this.scope.requireCanonical(this.name);
    const cells = this.#cellsHere();
    if (this.#cell !== undefined && this.#cellKey === canonical) return this.#cell;
    this.#cell = cells?.byKey.get(canonical);
    this.#cellKey = canonical;
    return this.#cell;
  }

  #cellsOf(window: Window | undefined): Cells | undefined {
    if (!this.#windowed) return this.#cells;
    return window === undefined ? undefined : this.#windows.get(window);
  }

  #addCells(window: Window | undefined): Cells {
    if (window === undefined) {
      throw new InvariantError('INVARIANT', `${this.#where()} was written before a window was set.`);
    }
    const cells = this.#newCells(window);
    this.#windows.set(window, cells);
    return cells;
  }

  #newCells(window: Window | undefined): Cells {
    const byKey = new Map<CanonicalKey, Cell>();
    if (!this.scope.trackChanges) return { byKey, changes: undefined };
    const list = (changes: CellChanges) => void this.#dirty.push(changes);
    const namespace = namespaceOf(window);
    return { byKey, changes: new CellChanges({ kind: this.kind, namespace, cells: byKey, list }) };
  }

  /** A cell for the current key and window, which have none. */
  #add(stored: unknown): void {
    const { window, key } = this.scope;
    const canonical = this.scope.requireCanonical(this.name);
    const cells = this.#cellsHere() ?? this.#addCells(window);
    const cell = newCell(canonical, key, stored);
    cells.byKey.set(canonical, cell);
    cells.changes?.created(cell);
    this.#cells = cells;
    this.#cell = cell;
    this.#cellKey = canonical;
  }

  #remove(cell: Cell | undefined): void {
    const cells = this.#cellsHere();
    if (cell === undefined || cells === undefined) return;
    cells.changes?.removed(cell);
    cell.stored = undefined;
    this.#drop(cells, [this.scope.window, this.scope.requireCanonical(this.name)]);
  }

  #drop(cells: Cells | undefined, [window, canonical]: readonly [Window | undefined, CanonicalKey]): void {
    this.#cell = undefined;
    if (cells === undefined) return;
    cells.byKey.delete(canonical);
    if (!this.#windowed || cells.byKey.size > 0 || window === undefined) return;
    this.#windows.delete(window);
    this.#cells = undefined;
  }

  #rememberCell(cell: Cell | undefined): void {
    const { journal, window, key, canonical } = this.scope;
    if (journal === undefined) return;
    const previous = cell?.stored;
    journal.record(() => this.#restore({ window, key, canonical }, previous));
  }

  /** Puts a cell back as it was, wherever the scope stands meanwhile. */
  #restore(at: Pick<StateScope, 'window' | 'key' | 'canonical'>, stored: unknown): void {
    const { scope } = this;
    const now = { window: scope.window, key: scope.key, canonical: scope.canonical };
    Object.assign(scope, at);
    const cell = this.#cellHere();
    if (stored === undefined) this.#remove(cell);
    else if (cell === undefined) this.#add(stored);
    else {
      const before = cell.stored;
      cell.stored = stored;
      this.#cells?.changes?.replaced(cell, before);
    }
    Object.assign(scope, now);
  }
}

function newCell(canonical: CanonicalKey, key: unknown, stored: unknown): Cell {
  // A copy of a composite key: the caller may go on using its tuple or object.
  return new Cell(key === canonical ? canonical : structuredClone(key), stored);
}
