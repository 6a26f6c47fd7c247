import { UserError } from '../../core/errors.ts';
import type { Evictor, TimestampedValue } from '../../core/window/evictor.ts';
import type { Window } from '../../core/window/window.ts';
import type { DeltaFunction } from './delta-trigger.ts';

/** Keeps the elements that are near the last element of the window. Source: Flink's DeltaEvictor. */
export class DeltaEvictor<T> implements Evictor<T, Window> {
  readonly description: string;
  readonly #threshold: number;
  readonly #delta: DeltaFunction<T>;
  readonly #evictAfter: boolean;

  private constructor(threshold: number, delta: DeltaFunction<T>, evictAfter: boolean) {
    this.description = `DeltaEvictor(${threshold}${evictAfter ? ', after' : ''})`;
    this.#threshold = threshold;
    this.#delta = delta;
    this.#evictAfter = evictAfter;
  }

  /**
   * Evicts elements with `delta(element, last) >= threshold`; before the window function, or after it with
   * `evictAfter`. Throws UserError WINDOW_INVALID if the threshold is NaN.
   */
  static of<T>(threshold: number, delta: DeltaFunction<T>, evictAfter = false): DeltaEvictor<T> {
    if (typeof threshold !== 'number' || Number.isNaN(threshold)) {
      throw new UserError('WINDOW_INVALID', `The threshold of DeltaEvictor is ${threshold}; give a number.`);
    }
    return new DeltaEvictor(threshold, delta, evictAfter);
  }

  evictBefore(elements: readonly TimestampedValue<T>[]): readonly TimestampedValue<T>[] {
    return this.#evictAfter ? elements : this.#evict(elements);
  }

  evictAfter(elements: readonly TimestampedValue<T>[]): readonly TimestampedValue<T>[] {
    return this.#evictAfter ? this.#evict(elements) : elements;
  }

  #evict(elements: readonly TimestampedValue<T>[]): readonly TimestampedValue<T>[] {
    const last = elements.at(-1);
    if (last === undefined) return elements;
    return elements.filter(({ value }) => !(this.#delta(value, last.value) >= this.#threshold));
  }
}
