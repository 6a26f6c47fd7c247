/**
 * Rows of keyed state in a table to which several writers carry the changes of one log, late, twice or in
 * another order.
 *
 * 1. In one place the newest version wins; rows of one version are the same write.
 * 2. A tombstone is a row without a value. It ends every older row whose place begins with its own: that is
 *    its own place, or all parts of a map or list that was cleared.
 * 3. A list that got shorter leaves a tombstone in a place that no chunk has: chunks go and come again, and a
 *    chunk that comes again must not take the end of those behind it along.
 * 4. What is alive depends on the set of rows alone, so a deleted place never comes back while its tombstone
 *    is there; a tombstone goes only after all rows it ended, and when no writer can carry older ones.
 */
import { KINDS, wordOf } from '../core/codec/delta-form.ts';
import { encodeKey } from '../core/key.ts';
import { KeyReader } from '../core/key-reader.ts';
import type { PlaceRow, RowChange, VersionedRow } from '../core/log/keyed-row.ts';

/** The rows that `changes` of version `version` leave: at most one for each key and place. */
export function versionedRows(changes: Iterable<RowChange>, version: number): readonly VersionedRow[] {
  const keys = new Map<string, Map<string, VersionedRow>>();
  for (const change of changes) {
    const name = textOf(change.key);
    const rows = keys.get(name) ?? new Map<string, VersionedRow>();
    keys.set(name, rows);
    if (change.op === 'put') {
      const { key, place, value } = change;
      rows.set(textOf(place), { key, place, version, value });
    } else endRange(rows, change, version);
  }
  return [...keys.values()].flatMap((rows) => [...rows.values()]);
}

/** A tombstone ends older versions only: what this version itself put there before goes. */
function endRange(
  rows: Map<string, VersionedRow>,
  change: Extract<RowChange, { op: 'remove' }>,
  version: number,
): void {
  const { key, place, end } = change;
  for (const [name, row] of rows) {
    const isInside = Buffer.compare(row.place, place) >= 0 && Buffer.compare(row.place, end) < 0;
    if (row.value !== undefined && isInside) rows.delete(name);
  }
  const tombstone = tombstonePlace(change);
  rows.set(textOf(tombstone), { key, place: tombstone, version, value: undefined });
}

/**
 * The rows of one key that one version leaves, if the table holds `held` of the versions before it: a
 * tombstone for every place that is alive and ends, in that very place. Then a tombstone ends nothing but its
 * own place, and may go as soon as no writer can carry older rows.
 */
export function placedRows(
  rows: readonly VersionedRow[],
  held: readonly VersionedRow[],
): readonly VersionedRow[] {
  const placed = new Map<string, VersionedRow>();
  for (const row of rows) {
    if (row.value !== undefined) continue;
    const end = endOf(row);
    for (const { key, place, version, value } of held) {
      if (value === undefined || !end.ends({ key, place, version, value })) continue;
      placed.set(textOf(place), { key, place, version: row.version, value: undefined });
    }
  }
  for (const row of rows) if (row.value !== undefined) placed.set(textOf(row.place), row);
  return [...placed.values()];
}

/** True if the row may end places other than its own. */
export function endsOthers({ place, value }: VersionedRow): boolean {
  if (value !== undefined) return false;
  if (listCut(place) !== undefined) return true;
  const reader = new KeyReader(place);
  reader.read();
  const kind = wordOf(KINDS, Number(reader.read()));
  reader.read();
  return (kind === 'list' || kind === 'map') && reader.remaining === 0;
}

/** Of each key and place the newest row. */
export function newestRows(rows: Iterable<VersionedRow>): readonly VersionedRow[] {
  const newest = new Map<string, VersionedRow>();
  for (const row of rows) {
    const name = `${row.key.length}:${textOf(row.key)}${textOf(row.place)}`;
    const other = newest.get(name);
    if (other === undefined || row.version > other.version) newest.set(name, row);
  }
  return [...newest.values()];
}

/** What rows of one key say that there is, in order of places; at most one row for each place. */
export function liveRows(rows: readonly VersionedRow[]): readonly PlaceRow[] {
  const ends = rows.filter(({ value }) => value === undefined).map(endOf);
  const live: PlaceRow[] = [];
  for (const row of rows) {
    const { place, value } = row;
    if (value !== undefined && !ends.some((end) => end.ends(row))) live.push({ place, value });
  }
  return live.sort((a, b) => Buffer.compare(a.place, b.place));
}

/**
 * Rows of one key that may be removed, each only if it is of that version still. No writer that is still at
 * work carries changes of version `settled` or older.
 */
export function retiredRows(rows: readonly VersionedRow[], settled: number): readonly VersionedRow[] {
  const ends = rows.filter(({ value }) => value === undefined).map(endOf);
  return rows.filter((row) => {
    if (row.value !== undefined) return ends.some((end) => end.ends(row));
    if (row.version > settled) return false;
    const end = endOf(row);
    return !rows.some((other) => other !== row && end.ends(other));
  });
}

/** What a tombstone ends. */
interface End {
  ends(row: VersionedRow): boolean;
}

function endOf({ place, version }: VersionedRow): End {
  const cut = listCut(place);
  if (cut === undefined) {
    return { ends: (row) => row.version < version && startsWith(row.place, place) };
  }
  const { prefix, first } = cut;
  return {
    ends: (row) =>
      row.version < version && startsWith(row.place, prefix) && Buffer.compare(row.place, first) >= 0,
  };
}

/** In front of the number of the first chunk that is gone: no chunk has a truth value for a number. */
const CUT = encodeKey(true);

function tombstonePlace({ place, end }: Extract<RowChange, { op: 'remove' }>): Uint8Array {
  // The end of a range is its common beginning and one byte.
  const prefix = end.subarray(0, end.length - 1);
  if (prefix.length === place.length) return place;
  return Buffer.concat([prefix, CUT, place.subarray(prefix.length)]);
}

/** Undefined for places that are not written by a list that got shorter. */
function listCut(place: Uint8Array): { readonly prefix: Uint8Array; readonly first: Uint8Array } | undefined {
  const reader = new KeyReader(place);
  // Name and kind of the state and namespace.
  for (let i = 0; i < 3; i++) reader.read();
  const prefix = place.subarray(0, place.length - reader.remaining);
  const rest = place.subarray(prefix.length);
  if (rest.length <= CUT.length || !startsWith(rest, CUT)) return undefined;
  return { prefix, first: Buffer.concat([prefix, rest.subarray(CUT.length)]) };
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && Buffer.compare(bytes.subarray(0, prefix.length), prefix) === 0;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
