/**
 * What has changed in the cells of one state and window since changes were last collected.
 *
 * 1  A place that was not there before is `created`; if it goes again within the interval, nothing is told.
 * 2  A place that was there before and goes is cleared, also if it comes back.
 * 3  A second write to a place that is marked looks at its mark and allocates nothing.
 */
import type { CanonicalKey } from '../../core/key.ts';
import { LIMITS } from '../../core/limits.ts';
import type { KeyedChange, Namespace } from '../../core/log/state-delta.ts';
import type { StateKind } from '../../core/state.ts';
import { KeyedMap } from './keyed-map.ts';

/** What is stored under one key of one window. */
export class Cell {
  readonly key: unknown;
  /** Undefined once the cell has been removed. */
  stored: unknown;
  /** How it has changed since changes were last collected; undefined if it has not. */
  mark: 'created' | 'changed' | PartMarks | ChunkMarks | undefined = undefined;

  constructor(key: unknown, stored: unknown) {
    this.key = key;
    this.stored = stored;
  }
}

/** Entries of a map that was there before. */
class PartMarks {
  /** True for those that were not there before. */
  readonly written = new Map<CanonicalKey, boolean>();
  readonly gone = new Map<CanonicalKey, unknown>();

  remove(part: CanonicalKey, key: unknown): void {
    const isNew = this.written.get(part);
    this.written.delete(part);
    if (isNew !== true) this.gone.set(part, key);
  }
}

/** Chunks of a list that was there before. */
interface ChunkMarks {
  /** The first chunk that has changed; all behind it count as changed. */
  from: number;
  /** Chunks that the list had. */
  readonly before: number;
}

/** Cells that were marked and have been removed are looked for once there may be this many of them. */
const SLACK = 1024;

/** Where changes lie, and how those that have any make themselves known. */
export interface CellChangesOptions {
  readonly kind: StateKind;
  readonly namespace: Namespace;
  /** All cells. */
  readonly cells: { readonly size: number };
  /** Called at the first change after a collection. */
  readonly list: (changes: CellChanges) => void;
}

export class CellChanges {
  readonly #options: CellChangesOptions;
  readonly #kind: StateKind;
  #dirty: Cell[] = [];
  #gone: unknown[] = [];
  #listed = false;

  constructor(options: CellChangesOptions) {
    this.#options = options;
    this.#kind = options.kind;
  }

  created(cell: Cell): void {
    this.#mark(cell, 'created');
  }

  /** `before` is what was stored there; needed for lists only. */
  replaced(cell: Cell, before: unknown): void {
    if (this.#kind === 'list') this.#changedFrom(cell, 0, lengthOf(before));
    else if (this.#kind !== 'map') {
      if (cell.mark === undefined) this.#mark(cell, 'changed');
    } else if (cell.mark !== 'created') {
      this.#gone.push(cell.key);
      this.#mark(cell, 'created');
    }
  }

  /** Before the cell loses its content. */
  removed(cell: Cell): void {
    if (cell.mark === 'created') return;
    if (!this.#listed) this.#list();
    this.#gone.push(cell.key);
  }

  /** Elements were added to a list that had `length` of them. */
  appended(cell: Cell, length: number): void {
    this.#changedFrom(cell, Math.floor(length / LIMITS.stateListChunk), length);
  }

  /** One entry of a map was written. */
  partWritten(cell: Cell, part: CanonicalKey, isNew: boolean): void {
    const marks = this.#partsOf(cell);
    if (marks !== undefined && (isNew || !marks.written.has(part))) marks.written.set(part, isNew);
  }

  /** One entry of a map, which has others, was removed. */
  partRemoved(cell: Cell, part: CanonicalKey, key: unknown): void {
    this.#partsOf(cell)?.remove(part, key);
  }

  /** Appends the changes and forgets them. */
  collectInto(changes: KeyedChange[]): void {
    const { namespace } = this.#options;
    for (const key of this.#gone) changes.push({ op: 'clear', key, namespace });
    for (const cell of this.#dirty) {
      const { mark, stored } = cell;
      cell.mark = undefined;
      if (stored === undefined) continue;
      if (mark instanceof PartMarks) putParts(mark, { cell, namespace }, changes);
      else if (typeof mark === 'object') putChunks(mark, { cell, namespace }, changes);
      else putAll(this.#kind, { cell, namespace }, changes);
    }
    this.#gone = [];
    this.#dirty = [];
    this.#listed = false;
  }

  #mark(cell: Cell, mark: NonNullable<Cell['mark']>): void {
    if (!this.#listed) this.#list();
    if (cell.mark === undefined) {
      this.#dirty.push(cell);
      if (this.#dirty.length > 2 * this.#options.cells.size + SLACK) {
        this.#dirty = this.#dirty.filter(({ stored }) => stored !== undefined);
      }
    }
    cell.mark = mark;
  }

  #list(): void {
    this.#listed = true;
    this.#options.list(this);
  }

  #changedFrom(cell: Cell, chunk: number, length: number): void {
    const { mark } = cell;
    if (mark === undefined) this.#mark(cell, { from: chunk, before: chunksOf(length) });
    else if (typeof mark === 'object' && 'from' in mark && mark.from > chunk) mark.from = chunk;
  }

  /** Undefined if the whole map is written anyway. */
  #partsOf(cell: Cell): PartMarks | undefined {
    if (cell.mark === undefined) this.#mark(cell, new PartMarks());
    return cell.mark instanceof PartMarks ? cell.mark : undefined;
  }
}

/** A place of keyed state. */
export interface CellPlace {
  readonly cell: Cell;
  readonly namespace: Namespace;
}

/** Appends a put for every part of what is stored. */
export function putAll(kind: StateKind, { cell, namespace }: CellPlace, changes: KeyedChange[]): void {
  const { key, stored } = cell;
  if (kind === 'list') putChunks({ from: 0, before: 0 }, { cell, namespace }, changes);
  else if (stored instanceof KeyedMap) {
    for (const [part, value] of stored.entries()) changes.push({ op: 'put', key, namespace, part, value });
  } else changes.push({ op: 'put', key, namespace, part: undefined, value: stored });
}

function putChunks(
  { from, before }: ChunkMarks,
  { cell: { key, stored }, namespace }: CellPlace,
  changes: KeyedChange[],
): void {
  // Cells of kind 'list' hold arrays.
  const items = stored as readonly unknown[];
  const size = LIMITS.stateListChunk;
  const now = chunksOf(items.length);
  for (let part = from; part < now; part++) {
    const value = items.slice(part * size, (part + 1) * size);
    changes.push({ op: 'put', key, namespace, part, value });
  }
  if (before > now) changes.push({ op: 'remove', key, namespace, part: now });
}

function putParts(
  { written, gone }: PartMarks,
  { cell: { key, stored }, namespace }: CellPlace,
  changes: KeyedChange[],
): void {
  if (!(stored instanceof KeyedMap)) return;
  for (const part of gone.values()) changes.push({ op: 'remove', key, namespace, part });
  for (const canonical of written.keys()) {
    // An entry that a failed record had made is gone.
    if (!stored.has(canonical)) continue;
    const part = stored.keyOf(canonical);
    changes.push({ op: 'put', key, namespace, part, value: stored.get(canonical) });
  }
}

function chunksOf(length: number): number {
  return Math.ceil(length / LIMITS.stateListChunk);
}

function lengthOf(stored: unknown): number {
  return Array.isArray(stored) ? stored.length : 0;
}
