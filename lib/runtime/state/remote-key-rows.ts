/**
 * Rows of the keys of one operator in a table that is not on this machine: asked for before a batch, read
 * while it runs.
 *
 * 1. It reads nothing itself: it says which keys are missing, and somebody brings their rows. Every key that
 *    a batch may touch is that of one of its records or of a timer that is due (I9: reading takes no time).
 * 2. Rows hold good for one version: what was brought and not read is forgotten with the next one.
 */
import { InvariantError } from '../../core/errors.ts';
import { type CanonicalKey, canonicalKey, encodeKey } from '../../core/key.ts';
import type { PlaceRow, VersionedRow } from '../../core/log/keyed-row.ts';
import { liveRows } from '../../protocol/materialised-row.ts';
import type {
  KeyedRowSource,
  ResidencyLimits,
  ResidentKeys,
  TimeReach,
  WaitingTimers,
} from './keyed-row-source.ts';

/** Keys by their canonical form, encoded as a table knows them. */
export type MissingKeys = ReadonlyMap<CanonicalKey, Uint8Array>;

export class RemoteKeyRows implements KeyedRowSource {
  /** How deltas name the operator. */
  readonly operator: string;
  readonly limits: ResidencyLimits;
  /** Of keys that were brought and not read yet. */
  readonly #brought = new Map<CanonicalKey, readonly VersionedRow[]>();
  #keys: ResidentKeys | undefined;
  #timers: WaitingTimers | undefined;

  constructor(operator: string, limits: ResidencyLimits) {
    this.operator = operator;
    this.limits = limits;
  }

  attachKeys(keys: ResidentKeys): void {
    this.#keys = keys;
  }

  attachTimers(timers: WaitingTimers): void {
    this.#timers = timers;
  }

  /** A version ends where a batch does, not where memory is full. */
  full(): void {}

  /** The keys of records with these keys, and of the timers due within reach, that are not in memory. */
  missing(keys: Iterable<unknown>, reach: TimeReach): MissingKeys {
    const missing = new Map<CanonicalKey, Uint8Array>();
    for (const key of this.#keys?.missingKeys(wanted(keys, this.#timers?.dueKeys(reach))) ?? []) {
      const canonical = canonicalKey(key);
      if (!this.#brought.has(canonical) && !missing.has(canonical)) missing.set(canonical, encodeKey(key));
    }
    return missing;
  }

  /** `rows`: all rows of each key, in the order of the keys. */
  bring(keys: MissingKeys, rows: readonly (readonly VersionedRow[])[]): void {
    let index = 0;
    for (const canonical of keys.keys()) this.#brought.set(canonical, rows[index++] ?? []);
  }

  /** Throws InvariantError for a key whose rows were not brought. */
  readKey(key: unknown): readonly PlaceRow[] {
    const canonical = canonicalKey(key);
    const rows = this.#brought.get(canonical);
    if (rows === undefined) {
      throw new InvariantError(
        'INVARIANT',
        `Operator ${this.operator} needed the key ${String(canonical)}, which was not loaded.`,
      );
    }
    this.#brought.delete(canonical);
    return liveRows(rows);
  }

  /** Another version begins. */
  forget(): void {
    this.#brought.clear();
  }
}

function* wanted(...many: readonly (Iterable<unknown> | undefined)[]): Generator<unknown> {
  for (const keys of many) if (keys !== undefined) yield* keys;
}
