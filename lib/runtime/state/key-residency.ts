/**
 * Which keys of an operator are in memory, and which of them to let go.
 *
 * 1. A use costs one look-up. A sweep looks at every resident key, but lets at least half of what may be
 *    resident go, so that it costs a constant for each key that came in.
 * 2. Keys that were not used since the last sweep go first, then those that have been resident longest.
 */
import type { CanonicalKey } from '../../core/key.ts';
import type { ResidencyLimits } from './keyed-row-source.ts';

interface ResidentKey {
  used: boolean;
}

export class KeyResidency {
  readonly #limits: ResidencyLimits;
  readonly #keys = new Map<CanonicalKey, ResidentKey>();
  #bytes = 0;

  constructor(limits: ResidencyLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#keys.size;
  }

  get exceeded(): boolean {
    return this.#keys.size > this.#limits.keysMax || this.#bytes > this.#limits.bytesMax;
  }

  /** Marks the key as used; false if it is not resident. */
  use(canonical: CanonicalKey): boolean {
    const key = this.#keys.get(canonical);
    if (key === undefined) return false;
    key.used = true;
    return true;
  }

  /** The key is in memory from now on. */
  add(canonical: CanonicalKey): void {
    this.#keys.set(canonical, { used: true });
  }

  /** State of resident keys has come to about so many bytes more, or been written anew. */
  grow(bytes: number): void {
    this.#bytes += bytes;
  }

  forget(canonical: CanonicalKey): void {
    this.#keys.delete(canonical);
  }

  /**
   * Lets keys go until half of what may be resident is left, but never `kept`, and returns them. `sizes`
   * counts the bytes of every resident key; it is called only if there may be too many.
   */
  sweep(
    kept: CanonicalKey | undefined,
    sizes: () => ReadonlyMap<CanonicalKey, number>,
  ): ReadonlySet<CanonicalKey> {
    const { keysMax, bytesMax } = this.#limits;
    const sizeOf = this.#bytes > bytesMax ? sizes() : undefined;
    if (sizeOf !== undefined) this.#bytes = sumOf(sizeOf.values());
    const average = this.#bytes / Math.max(1, this.#keys.size);
    const gone = new Set<CanonicalKey>();
    for (const unused of [true, false]) {
      for (const [canonical, key] of this.#keys) {
        if (this.#keys.size <= keysMax / 2 && this.#bytes <= bytesMax / 2) break;
        if (canonical === kept || (unused && key.used)) continue;
        this.#keys.delete(canonical);
        this.#bytes -= sizeOf === undefined ? average : (sizeOf.get(canonical) ?? 0);
        gone.add(canonical);
      }
    }
    for (const key of this.#keys.values()) key.used = false;
    return gone;
  }
}

function sumOf(numbers: Iterable<number>): number {
  let sum = 0;
  for (const number of numbers) sum += number;
  return sum;
}
