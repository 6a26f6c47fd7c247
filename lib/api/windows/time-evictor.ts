import type { Duration } from '../../core/duration.ts';
import { NO_TIMESTAMP } from '../../core/time.ts';
import type { Evictor, TimestampedValue } from '../../core/window/evictor.ts';
import type { Window } from '../../core/window/window.ts';
import { requirePositive } from './window-size.ts';

/**
 * Keeps the elements of the last `keep` of event time before the newest element of the window. Elements
 * without timestamps are never evicted. Source: Flink's TimeEvictor.
 */
export class TimeEvictor implements Evictor<unknown, Window> {
  readonly description: string;
  readonly #keepMs: number;
  readonly #evictAfter: boolean;

  private constructor(keepMs: number, evictAfter: boolean) {
    this.description = `TimeEvictor(${keepMs}${evictAfter ? ', after' : ''})`;
    this.#keepMs = keepMs;
    this.#evictAfter = evictAfter;
  }

  /**
   * Evicts elements with `timestamp <= newest - keep`; before the window function, or after it with
   * `evictAfter`.
   *
   * Throws UserError WINDOW_INVALID unless `keep` is positive.
   */
  static of(keep: Duration, evictAfter = false): TimeEvictor {
    requirePositive('duration', keep, 'TimeEvictor');
    return new TimeEvictor(keep, evictAfter);
  }

  evictBefore<T>(elements: readonly TimestampedValue<T>[]): readonly TimestampedValue<T>[] {
    return this.#evictAfter ? elements : this.#evict(elements);
  }

  evictAfter<T>(elements: readonly TimestampedValue<T>[]): readonly TimestampedValue<T>[] {
    return this.#evictAfter ? this.#evict(elements) : elements;
  }

  #evict<T>(elements: readonly TimestampedValue<T>[]): readonly TimestampedValue<T>[] {
    const first = elements[0];
    if (first === undefined || first.timestamp === NO_TIMESTAMP) return elements;
    let newest = first.timestamp;
    for (const { timestamp } of elements) if (timestamp > newest) newest = timestamp;
    const cutoff = newest - this.#keepMs;
    return elements.filter(({ timestamp }) => timestamp > cutoff);
  }
}
