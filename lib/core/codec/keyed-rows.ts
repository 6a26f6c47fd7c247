/**
 * Places of keyed state as rows of a table.
 *
 * Place  canonical keys one behind the other: name of the state, number of its kind, namespace (false: none,
 *        true: the global window, a tuple: start and end), then the user key of a map or the number of a
 *        chunk of a list.
 *
 * All places of one state and window begin with the same bytes, and none of another begins with them; the
 * chunks of a list follow each other in order.
 */
import { encodeKey } from '../key.ts';
import { decodeKey, KeyReader } from '../key-reader.ts';
import type { KeyedRow, PlaceRow, RowChange } from '../log/keyed-row.ts';
import type { KeyedChange, KeyedStateDelta, Namespace } from '../log/state-delta.ts';
import type { StateKind } from '../state.ts';
import { guardCorruption } from './corruption.ts';
import { KINDS, wordOf } from './delta-form.ts';
import { decodeValue, encodeValue } from './value-codec.ts';

/** Greater than the first byte of any key. */
const BEHIND_KEYS = Uint8Array.of(0xff);

/** What a place says of itself. */
export interface PlaceAddress {
  readonly name: string;
  readonly kind: StateKind;
  readonly namespace: Namespace;
  readonly part: unknown;
}

/** Changes of the state of one operator as changes of rows, in the same order, encoded one by one. */
export function* rowChangesOf(states: readonly KeyedStateDelta[]): Generator<RowChange> {
  for (const { name, kind, changes } of states) {
    const places = new PlaceEncoder(name, kind);
    for (const change of changes) yield rowChangeOf(places, change);
  }
}

/** A row as the change that puts it. Throws UserError STATE_CORRUPT. */
export function changeOfRow(
  key: unknown,
  { place, value }: PlaceRow,
): PlaceAddress & { readonly change: KeyedChange } {
  const address = placeAddress(place);
  const { namespace, part } = address;
  return { ...address, change: { op: 'put', key, namespace, part, value: decodeValue(value) } };
}

/** Rows of one operator as state that is put. Throws UserError STATE_CORRUPT. */
export function statesOfRows(rows: Iterable<KeyedRow>): readonly KeyedStateDelta[] {
  const states = new Map<string, KeyedStateDelta & { readonly changes: KeyedChange[] }>();
  for (const row of rows) {
    const { name, kind, change } = changeOfRow(decodeRowKey(row.key), row);
    let state = states.get(name);
    if (state === undefined) {
      state = { name, kind, changes: [] };
      states.set(name, state);
    }
    state.changes.push(change);
  }
  return [...states.values()];
}

/** Throws UserError STATE_CORRUPT. */
export function placeAddress(place: Uint8Array): PlaceAddress {
  return guardCorruption('A place of keyed state', () => {
    const reader = new KeyReader(place);
    const name = String(reader.read());
    const kind = wordOf(KINDS, Number(reader.read()));
    const namespace = namespaceOf(reader.read());
    const part = reader.remaining === 0 ? undefined : reader.read();
    if (reader.remaining > 0) throw new RangeError(`${reader.remaining} bytes behind the place`);
    return { name, kind, namespace, part };
  });
}

/** Throws UserError STATE_CORRUPT. */
function decodeRowKey(key: Uint8Array): unknown {
  return guardCorruption('A key of a table', () => decodeKey(key));
}

function rowChangeOf(places: PlaceEncoder, change: KeyedChange): RowChange {
  const key = encodeKey(change.key);
  const prefix = places.prefixOf(change.namespace);
  if (change.op === 'clear') return { op: 'remove', key, place: prefix, end: behind(prefix) };
  const place = places.hasParts ? Buffer.concat([prefix, encodeKey(change.part)]) : prefix;
  if (change.op === 'put') return { op: 'put', key, place, value: encodeValue(change.value) };
  // A chunk of a list takes all behind it along.
  return { op: 'remove', key, place, end: behind(places.kind === 'list' ? prefix : place) };
}

/** Beginnings of the places of one state; changes of one window mostly follow each other. */
class PlaceEncoder {
  readonly kind: StateKind;
  readonly hasParts: boolean;
  readonly #head: Uint8Array;
  #namespace: Namespace | null = null;
  #prefix: Uint8Array = new Uint8Array(0);

  constructor(name: string, kind: StateKind) {
    this.kind = kind;
    this.hasParts = kind === 'map' || kind === 'list';
    this.#head = Buffer.concat([encodeKey(name), encodeKey(KINDS.indexOf(kind))]);
  }

  prefixOf(namespace: Namespace): Uint8Array {
    if (namespace !== this.#namespace) {
      this.#namespace = namespace;
      this.#prefix = Buffer.concat([this.#head, encodeKey(namespaceKey(namespace))]);
    }
    return this.#prefix;
  }
}

/** Behind every place that begins with `prefix`. */
function behind(prefix: Uint8Array): Uint8Array {
  return Buffer.concat([prefix, BEHIND_KEYS]);
}

function namespaceKey(namespace: Namespace): unknown {
  if (namespace === undefined) return false;
  return namespace === 'global' ? true : namespace;
}

function namespaceOf(key: unknown): Namespace {
  if (key === false) return undefined;
  if (key === true) return 'global';
  if (Array.isArray(key) && key.length === 2) return [Number(key[0]), Number(key[1])];
  throw new RangeError('a namespace that is none');
}
