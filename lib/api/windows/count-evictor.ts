import { UserError } from '../../core/errors.ts';
import type { Evictor, TimestampedValue } from '../../core/window/evictor.ts';
import type { Window } from '../../core/window/window.ts';

/** Keeps the last `n` elements of a window. Source: Flink's CountEvictor. */
export class CountEvictor implements Evictor<unknown, Window> {
  readonly description: string;
  readonly #n: number;
  readonly #evictAfter: boolean;

  private constructor(n: number, evictAfter: boolean) {
    this.description = `CountEvictor(${n}${evictAfter ? ', after' : ''})`;
    this.#n = n;
    this.#evictAfter = evictAfter;
  }

  /**
   * Keeps `n` elements; evicts before the window function, or after it with `evictAfter`.
   *
   * Throws UserError WINDOW_INVALID unless `n` is a whole number of at least 0.
   */
  static of(n: number, evictAfter = false): CountEvictor {
    if (!Number.isSafeInteger(n) || n < 0) {
      throw new UserError(
        'WINDOW_INVALID',
        `CountEvictor.of(${n}) needs a whole number of elements, at least 0.`,
      );
    }
    return new CountEvictor(n, evictAfter);
  }

  evictBefore<T>(elements: readonly TimestampedValue<T>[]): readonly TimestampedValue<T>[] {
    return this.#evictAfter ? elements : this.#evict(elements);
  }

  evictAfter<T>(elements: readonly TimestampedValue<T>[]): readonly TimestampedValue<T>[] {
    return this.#evictAfter ? this.#evict(elements) : elements;
  }

  #evict<T>(elements: readonly TimestampedValue<T>[]): readonly TimestampedValue<T>[] {
    return elements.length <= this.#n ? elements : elements.slice(elements.length - this.#n);
  }
}
