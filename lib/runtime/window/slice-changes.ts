/**
 * Slices as keyed state: one place for each key and slice, with the slice as namespace.
 *
 * 1  A pane that came and went within the interval is not told of.
 * 2  What is told of a slice that has expired costs nothing until it is collected.
 */
import type { StateScope } from '../../core/connector.ts';
import type { CanonicalKey } from '../../core/key.ts';
import type { KeyedChange, KeyedStateDelta, Namespace } from '../../core/log/state-delta.ts';
import type { StateKind } from '../../core/state.ts';
import { assertStateValue } from '../../core/state-value.ts';
import { WINDOW_SLICES } from './restored-windows.ts';
import type { Pane, Slice } from './slice.ts';
import type { SliceSet } from './slice-set.ts';

/** What the panes hold and where. */
export interface SliceChangesOptions {
  readonly slices: SliceSet;
  readonly kind: StateKind;
  /** How messages name the state. */
  readonly where: () => string;
  readonly trackChanges: boolean;
}

export class SliceChanges {
  readonly #options: SliceChangesOptions;
  readonly #track: boolean;
  #changed: Slice[] = [];
  #expired: readonly Slice[] = [];

  constructor(options: SliceChangesOptions) {
    this.#options = options;
    this.#track = options.trackChanges;
  }

  /** A pane that is new, or is clean and has just been changed. */
  add(slice: Slice, pane: Pane): void {
    if (!this.#track) return;
    if (pane.mark === 'clean') pane.mark = 'changed';
    if (slice.changed.length === 0) this.#changed.push(slice);
    slice.changed.push(pane);
  }

  /** A new pane has been put where a record is undone. */
  undo(slice: Slice, canonical: CanonicalKey): void {
    const pane = slice.panes.get(canonical);
    if (pane !== undefined) pane.mark = 'undone';
    slice.panes.delete(canonical);
  }

  /** Slices that are in the set no more. */
  expire(slices: readonly Slice[]): void {
    if (this.#track && slices.length > 0) this.#expired = [...this.#expired, ...slices];
  }

  /** The slices that have expired; give it to `reset` to undo what came after. */
  get expired(): readonly Slice[] {
    return this.#expired;
  }

  reset(expired: readonly Slice[]): void {
    this.#expired = expired;
  }

  /** Undefined if there is nothing to tell. Throws UserError STATE_VALUE_INVALID. */
  collect(scope: StateScope): KeyedStateDelta | undefined {
    const { slices, kind } = this.#options;
    const changes: KeyedChange[] = [];
    if (scope === 'changes') this.#collectChanges(changes);
    else for (const slice of slices.all) this.#put(slice, slice.panes.values(), changes);
    return changes.length === 0 ? undefined : { name: WINDOW_SLICES, kind, changes };
  }

  #collectChanges(changes: KeyedChange[]): void {
    for (const { start, end, panes } of this.#expired) {
      for (const { key, mark } of panes.values()) {
        if (mark !== 'new') changes.push({ op: 'clear', key, namespace: [start, end] });
      }
    }
    for (const slice of this.#changed) {
      const panes = slice.changed.filter(({ mark }) => mark !== 'undone');
      slice.changed = [];
      if (this.#options.slices.get(slice.start) !== slice) continue;
      this.#put(slice, panes, changes);
      for (const pane of panes) pane.mark = 'clean';
    }
    this.#changed = [];
    this.#expired = [];
  }

  #put({ start, end }: Slice, panes: Iterable<Pane>, changes: KeyedChange[]): void {
    const namespace: Namespace = [start, end];
    for (const { key, accumulator } of panes) {
      assertStateValue(accumulator, this.#options.where, 'accumulator');
      changes.push({ op: 'put', key, namespace, part: undefined, value: accumulator });
    }
  }
}
