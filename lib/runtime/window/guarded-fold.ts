import { cloneStateValue } from '../../core/state-value.ts';
import { StateFreezer } from '../state/state-freezer.ts';
import type { SliceFold } from './slice-fold.ts';

/**
 * A fold for which stored accumulators are never changed in place, so that every change of a pane can be
 * undone.
 */
export class CopyingFold implements SliceFold {
  readonly kind: SliceFold['kind'];
  protected readonly fold: SliceFold;

  constructor(fold: SliceFold) {
    this.kind = fold.kind;
    this.fold = fold;
  }

  first(value: unknown): unknown {
    return this.fold.first(value);
  }

  add(accumulator: unknown, value: unknown): unknown {
    return this.fold.add(cloneStateValue(accumulator), value);
  }

  begin(accumulator: unknown): unknown {
    return this.fold.begin(accumulator);
  }

  merge(a: unknown, b: unknown): unknown {
    return this.fold.merge(a, b);
  }

  result(accumulator: unknown): unknown {
    return this.fold.result(accumulator);
  }
}

/** A fold for test harnesses: a function that changes what it must not change fails. */
export class FreezingFold extends CopyingFold {
  readonly #freezer = new StateFreezer();
  readonly #where: () => string;

  constructor(fold: SliceFold, where: () => string) {
    super(fold);
    this.#where = where;
  }

  override add(accumulator: unknown, value: unknown): unknown {
    // Only an AggregateFunction may change the accumulator it is given.
    return this.kind === 'aggregating'
      ? super.add(accumulator, value)
      : this.fold.add(this.#frozen(accumulator), value);
  }

  override begin(accumulator: unknown): unknown {
    const frozen = this.#frozen(accumulator);
    const begun = this.fold.begin(frozen);
    // Who gets back what was handed in must be able to tell.
    return begun === frozen ? accumulator : begun;
  }

  override merge(a: unknown, b: unknown): unknown {
    const frozen = this.#frozen(b);
    const merged = this.fold.merge(a, frozen);
    return merged === frozen ? b : merged;
  }

  override result(accumulator: unknown): unknown {
    return this.fold.result(this.#frozen(accumulator));
  }

  #frozen(accumulator: unknown): unknown {
    return this.#freezer.freeze(accumulator, this.#where);
  }
}
