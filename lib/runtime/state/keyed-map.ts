import type { CanonicalKey } from '../../core/key.ts';

/** Map from legal keys of any type: addressed by canonical key, the original kept where it differs. */
export class KeyedMap<V> {
  readonly #values = new Map<CanonicalKey, V>();
  #originals: Map<CanonicalKey, unknown> | undefined;

  get size(): number {
    return this.#values.size;
  }

  get(canonical: CanonicalKey): V | undefined {
    return this.#values.get(canonical);
  }

  has(canonical: CanonicalKey): boolean {
    return this.#values.has(canonical);
  }

  /** `canonical` is the canonical form of `key`. */
  set(canonical: CanonicalKey, key: unknown, value: V): void {
    if (key !== canonical && !this.#values.has(canonical)) {
      this.#originals ??= new Map();
      // A copy: the caller may go on using its tuple or object.
      this.#originals.set(canonical, structuredClone(key));
    }
    this.#values.set(canonical, value);
  }

  delete(canonical: CanonicalKey): boolean {
    this.#originals?.delete(canonical);
    return this.#values.delete(canonical);
  }

  keyOf(canonical: CanonicalKey): unknown {
    return this.#originals?.get(canonical) ?? canonical;
  }

  /** Entries by canonical key in the order of insertion; sees changes made meanwhile. */
  canonicalEntries(): MapIterator<[CanonicalKey, V]> {
    return this.#values.entries();
  }

  values(): MapIterator<V> {
    return this.#values.values();
  }

  *keys(): Generator<unknown> {
    for (const canonical of this.#values.keys()) yield this.keyOf(canonical);
  }

  *entries(): Generator<[unknown, V]> {
    for (const [canonical, value] of this.#values) yield [this.keyOf(canonical), value];
  }
}
