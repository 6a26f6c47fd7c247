import { type CanonicalKey, canonicalKey } from '../../core/key.ts';
import type { MapState } from '../../core/state.ts';
import { KeyedMap } from './keyed-map.ts';
import type { StateTable } from './state-table.ts';

const NOTHING: KeyedMap<never> = new KeyedMap();

export class HeapMapState<K, V> implements MapState<K, V> {
  readonly #table: StateTable;

  constructor(table: StateTable) {
    this.#table = table;
  }

  get(key: K): V | undefined {
    const value = this.#map()?.get(canonicalKey(key));
    return value === undefined ? undefined : this.#table.scope.handOut(value);
  }

  put(key: K, value: V): void {
    const canonical = canonicalKey(key);
    let map = this.#map();
    // `admit` returns the value or a frozen copy of it.
    const admitted = this.#table.admit(value, map?.get(canonical)) as V;
    if (map === undefined) {
      map = new KeyedMap<V>();
      map.set(canonical, key, admitted);
      this.#table.write(map);
      return;
    }
    this.#rememberEntry(map, canonical);
    const { size } = map;
    map.set(canonical, key, admitted);
    const { scope } = this.#table;
    if (scope.trackChanges) this.#table.partWritten(canonical, map.size > size);
  }

  putAll(entries: Iterable<readonly [K, V]>): void {
    for (const [key, value] of [...entries]) this.put(key, value);
  }

  remove(key: K): void {
    const map = this.#map();
    const canonical = canonicalKey(key);
    if (map === undefined || !map.has(canonical)) return;
    if (map.size === 1) this.#table.write(undefined);
    else {
      this.#rememberEntry(map, canonical);
      this.#table.partRemoved(canonical, map.keyOf(canonical));
      map.delete(canonical);
    }
  }

  contains(key: K): boolean {
    return this.#map()?.has(canonicalKey(key)) ?? false;
  }

  entries(): Iterable<readonly [K, V]> {
    return this.#handOutEntries(this.#map() ?? NOTHING);
  }

  keys(): Iterable<K> {
    // The keys of the map are those that `put` got.
    return (this.#map() ?? NOTHING).keys() as Iterable<K>;
  }

  values(): Iterable<V> {
    return this.#handOutValues(this.#map() ?? NOTHING);
  }

  isEmpty(): boolean {
    return this.#map() === undefined;
  }

  clear(): void {
    this.#table.write(undefined);
  }

  #map(): KeyedMap<V> | undefined {
    // A table of kind 'map' holds KeyedMaps of what `put` wrote; they are never empty.
    return this.#table.read() as KeyedMap<V> | undefined;
  }

  /** The content comes back, not the place of a removed entry: the entries of a map have no order. */
  #rememberEntry(map: KeyedMap<V>, canonical: CanonicalKey): void {
    if (this.#table.scope.journal === undefined) return;
    const key = map.keyOf(canonical);
    const existed = map.has(canonical);
    const previous = map.get(canonical);
    const mark = this.#table.partMarker();
    this.#table.remember(() => {
      if (!existed) map.delete(canonical);
      else {
        mark?.(canonical, !map.has(canonical));
        // An entry that existed holds a V, be it undefined.
        map.set(canonical, key, previous as V);
      }
    });
  }

  *#handOutEntries(map: KeyedMap<V>): Generator<readonly [K, V]> {
    for (const [key, value] of map.entries()) {
      // The keys of the map are those that `put` got.
      yield [key as K, this.#table.scope.handOut(value)];
    }
  }

  *#handOutValues(map: KeyedMap<V>): Generator<V> {
    for (const value of map.values()) yield this.#table.scope.handOut(value);
  }
}
