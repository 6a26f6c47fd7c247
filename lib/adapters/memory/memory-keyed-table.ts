import type { VersionedRow } from '../../core/log/keyed-row.ts';
import type { KeyedTable, TableScope } from '../../ports/keyed-table.ts';

/** Rows of one operator of one run: by key, then by place. */
interface Rows {
  readonly run: string;
  readonly keys: Map<string, Map<string, VersionedRow>>;
}

/** Rows in memory: they live as long as this object. Bytes are copied on their way in and out. */
export class MemoryKeyedTable implements KeyedTable {
  readonly #operators = new Map<string, Rows>();

  async load(scope: TableScope, keys: readonly Uint8Array[]): Promise<readonly (readonly VersionedRow[])[]> {
    const rows = this.#rowsOf(scope).keys;
    return keys.map((key) => [...(rows.get(nameOf(key))?.values() ?? [])].map(copyRow));
  }

  async write(scope: TableScope, rows: readonly VersionedRow[]): Promise<void> {
    const { keys } = this.#rowsOf(scope);
    for (const row of rows) {
      const name = nameOf(row.key);
      const places = keys.get(name) ?? new Map<string, VersionedRow>();
      keys.set(name, places);
      const place = nameOf(row.place);
      const held = places.get(place);
      if (held === undefined || row.version > held.version) places.set(place, copyRow(row));
    }
  }

  async remove(scope: TableScope, rows: readonly Omit<VersionedRow, 'value'>[]): Promise<void> {
    const { keys } = this.#rowsOf(scope);
    for (const { key, place, version } of rows) {
      const places = keys.get(nameOf(key));
      if (places?.get(nameOf(place))?.version === version) places.delete(nameOf(place));
    }
  }

  async deleteRun(run: string): Promise<void> {
    for (const [name, rows] of this.#operators) if (rows.run === run) this.#operators.delete(name);
  }

  #rowsOf({ run, operator }: TableScope): Rows {
    const name = JSON.stringify([run, operator]);
    let rows = this.#operators.get(name);
    if (rows === undefined) {
      rows = { run, keys: new Map() };
      this.#operators.set(name, rows);
    }
    return rows;
  }
}

function nameOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

function copyRow({ key, place, version, value }: VersionedRow): VersionedRow {
  // Not by slice: that of a Buffer shares its bytes.
  return {
    key: Uint8Array.from(key),
    place: Uint8Array.from(place),
    version,
    value: value && Uint8Array.from(value),
  };
}
