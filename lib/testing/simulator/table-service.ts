import type { VersionedRow } from '../../core/log/keyed-row.ts';
import type { TableScope } from '../../ports/keyed-table.ts';

/** A place, whoever asks for it. */
type RowName = Omit<VersionedRow, 'value'>;

/** Rows of keyed state as the service keeps them; every call about one row is atomic. */
export class TableService {
  /** By run, then by operator and key, then by place. */
  readonly #runs = new Map<string, Map<string, Map<string, VersionedRow>>>();

  rowsOf(scope: TableScope, key: Uint8Array): readonly VersionedRow[] {
    return [...(this.#runs.get(scope.run)?.get(nameOf(scope, key))?.values() ?? [])];
  }

  put(scope: TableScope, row: VersionedRow): void {
    const keys = this.#runs.get(scope.run) ?? new Map<string, Map<string, VersionedRow>>();
    this.#runs.set(scope.run, keys);
    const name = nameOf(scope, row.key);
    const places = keys.get(name) ?? new Map<string, VersionedRow>();
    keys.set(name, places);
    const held = places.get(textOf(row.place));
    if (held === undefined || row.version > held.version) places.set(textOf(row.place), row);
  }

  remove(scope: TableScope, { key, place, version }: RowName): void {
    const places = this.#runs.get(scope.run)?.get(nameOf(scope, key));
    if (places?.get(textOf(place))?.version === version) places.delete(textOf(place));
  }

  deleteRun(run: string): void {
    this.#runs.delete(run);
  }
}

function nameOf({ operator }: TableScope, key: Uint8Array): string {
  return JSON.stringify([operator, textOf(key)]);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
