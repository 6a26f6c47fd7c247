/**
 * Rows of the keys of one operator in a table that is not on this machine.
 *
 * 1. A key is loaded before the batch that needs it: reading it afterwards takes no time (I9: what is read is
 *    the fold of the log up to the version at hand).
 * 2. Versions reach the table some time after they are in the log. Those that have not are laid over what was
 *    loaded; they are kept until the table is known to have them.
 */
import { rowChangesOf } from '../../core/codec/keyed-rows.ts';
import { InvariantError } from '../../core/errors.ts';
import { type CanonicalKey, canonicalKey, encodeKey } from '../../core/key.ts';
import { LIMITS } from '../../core/limits.ts';
import type { PlaceRow, VersionedRow } from '../../core/log/keyed-row.ts';
import type { KeyedStateDelta } from '../../core/log/state-delta.ts';
import type { KeyedTable, TableScope } from '../../ports/keyed-table.ts';
import { liveRows, newestRows, versionedRows } from '../../protocol/materialised-row.ts';
import type { KeyedRowSource, ResidencyLimits } from './keyed-row-source.ts';

export interface RemoteKeyRowsOptions {
  readonly table: KeyedTable;
  readonly scope: TableScope;
  readonly limits: ResidencyLimits;
  /** As in KeyedRowSource. */
  readonly full: () => void;
}

export class RemoteKeyRows implements KeyedRowSource {
  readonly limits: ResidencyLimits;
  readonly #options: RemoteKeyRowsOptions;
  /** Of keys that were loaded and not read yet. */
  readonly #loaded = new Map<CanonicalKey, readonly VersionedRow[]>();
  /** By key: rows of versions that the table may not have yet, oldest first. */
  readonly #tail = new Map<string, VersionedRow[]>();

  constructor(options: RemoteKeyRowsOptions) {
    this.#options = options;
    this.limits = options.limits;
  }

  full(): void {
    this.#options.full();
  }

  /** Loads keys of the batch to come, duplicates once; give those only that are not in memory. */
  async load(keys: Iterable<unknown>): Promise<void> {
    const missing = new Map<CanonicalKey, Uint8Array>();
    for (const key of keys) {
      const canonical = canonicalKey(key);
      if (!this.#loaded.has(canonical) && !missing.has(canonical)) missing.set(canonical, encodeKey(key));
    }
    const canonicals = [...missing.keys()];
    const encoded = [...missing.values()];
    const { table, scope } = this.#options;
    for (let from = 0; from < encoded.length; from += LIMITS.tableLoadKeysMax) {
      const rows = await table.load(scope, encoded.slice(from, from + LIMITS.tableLoadKeysMax));
      rows.forEach((ofKey, i) => {
        // The answer has one element for each key that was asked for.
        this.#loaded.set(canonicals[from + i]!, ofKey);
      });
    }
  }

  /** Throws InvariantError for a key that was not loaded. */
  readKey(key: unknown): readonly PlaceRow[] {
    const canonical = canonicalKey(key);
    const loaded = this.#loaded.get(canonical);
    if (loaded === undefined) {
      throw new InvariantError(
        'INVARIANT',
        `Operator ${this.#options.scope.operator} needed the key ${String(canonical)}, which was not loaded.`,
      );
    }
    this.#loaded.delete(canonical);
    return liveRows(newestRows([...loaded, ...(this.#tail.get(textOf(encodeKey(key))) ?? [])]));
  }

  /** Version `version` changed `states` and is in the log. Returns what the table has to be told. */
  changed(states: readonly KeyedStateDelta[], version: number): readonly VersionedRow[] {
    const rows = versionedRows(rowChangesOf(states), version);
    for (const row of rows) {
      const name = textOf(row.key);
      const tail = this.#tail.get(name);
      if (tail === undefined) this.#tail.set(name, [row]);
      else tail.push(row);
    }
    return rows;
  }

  /** The table has every version up to `version`. */
  settled(version: number): void {
    for (const [name, rows] of this.#tail) {
      const left = rows.filter((row) => row.version > version);
      if (left.length === 0) this.#tail.delete(name);
      else if (left.length < rows.length) this.#tail.set(name, left);
    }
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
