/**
 * Places of keyed state as rows of a table, where state is larger than memory.
 *
 * Keys and places are canonical bytes, so that equal ones are equal bytes; the places of one state and window
 * begin with the same bytes, and the chunks of a list follow each other in order.
 */

/** One place of a key. */
export interface PlaceRow {
  /** State, window and part as bytes. */
  readonly place: Uint8Array;
  /** Encoded value. */
  readonly value: Uint8Array;
}

/** One place of any key. */
export interface KeyedRow extends PlaceRow {
  readonly key: Uint8Array;
}

/** A change of one place, or of all places of a key from `place` to before `end`. */
export type RowChange =
  | ({ readonly op: 'put' } & KeyedRow)
  | {
      readonly op: 'remove';
      readonly key: Uint8Array;
      readonly place: Uint8Array;
      readonly end: Uint8Array;
    };

/** Changes of the rows of one operator, in order. */
export interface OperatorRowChanges {
  /** As in OperatorDelta. */
  readonly operator: string;
  /** May be gone through once only. */
  readonly changes: Iterable<RowChange>;
}

/** A place in a table to which several may write, at any time and in any order: the newest version wins. */
export interface VersionedRow {
  readonly key: Uint8Array;
  readonly place: Uint8Array;
  /** Version of the subtask that wrote the place last. */
  readonly version: number;
  /** Undefined for a tombstone. */
  readonly value: Uint8Array | undefined;
}
