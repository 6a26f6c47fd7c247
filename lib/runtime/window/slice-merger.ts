import type { CanonicalKey } from '../../core/key.ts';
import { cloneStateValue } from '../../core/state-value.ts';
import type { KeyedAccumulator, Slice } from './slice.ts';
import type { SliceFold } from './slice-fold.ts';

/** The accumulator of one key over several slices. */
interface MergedPane extends KeyedAccumulator {
  /** The slice's own accumulator that `accumulator` may be: it must not be changed. */
  borrowed: unknown;
  /** Accumulators that went into it. */
  parts: number;
}

/** Merges the panes of the slices of a window. The accumulators of the slices are never changed. */
export class SliceMerger {
  readonly #fold: SliceFold;

  constructor(fold: SliceFold) {
    this.#fold = fold;
  }

  /** Every key of a window once, in the order of its slices and of first arrival in them. */
  panesOf(slices: readonly Slice[]): Iterable<KeyedAccumulator> {
    const [first, ...others] = slices;
    if (first === undefined) return [];
    if (others.length === 0) return first.panes.values();
    const merged = new Map<CanonicalKey, MergedPane>();
    for (const { panes } of slices) {
      for (const [canonical, pane] of panes) {
        const known = merged.get(canonical);
        if (known === undefined) merged.set(canonical, borrow(pane));
        else this.#merge(known, pane.accumulator);
      }
    }
    return merged.values();
  }

  /** One key of a window; undefined if it has no data there. */
  paneOf(slices: readonly Slice[], canonical: CanonicalKey): KeyedAccumulator | undefined {
    let merged: MergedPane | undefined;
    for (const { panes } of slices) {
      const pane = panes.get(canonical);
      if (pane === undefined) continue;
      if (merged === undefined) merged = borrow(pane);
      else this.#merge(merged, pane.accumulator);
    }
    return merged;
  }

  #merge(merged: MergedPane, accumulator: unknown): void {
    const begun = merged.parts === 1 ? this.#fold.begin(merged.accumulator) : merged.accumulator;
    // `merge` may have returned the slice's own accumulator, and the next one may change what it is given.
    const own = begun === merged.borrowed ? cloneStateValue(begun) : begun;
    merged.accumulator = this.#fold.merge(own, accumulator);
    merged.borrowed = accumulator;
    merged.parts++;
  }
}

function borrow({ key, accumulator }: KeyedAccumulator): MergedPane {
  return { key, accumulator, borrowed: accumulator, parts: 1 };
}
