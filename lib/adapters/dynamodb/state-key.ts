/**
 * Keys of rows of keyed state. DynamoDB bounds a partition key at 2 KB and a sort key at 1 KB; keys and
 * places of a job have no such bound.
 *
 * 1. Bytes that fit are their own key. Of longer ones the beginning is kept and a hash of all of them
 *    follows, so that the result is as long as a key may be: no shorter one is equal to it.
 * 2. A partition key begins with the canonical bytes of its run, which no other run's begin with.
 */
import { createHash } from 'node:crypto';
import { encodeKey } from '../../core/key.ts';
import type { TableScope } from '../../ports/keyed-table.ts';

const PARTITION_KEY_BYTES_MAX = 2048;
const SORT_KEY_BYTES_MAX = 1024;
const HASH_BYTES = 32;

export function partitionKeyOf({ run, operator }: TableScope, key: Uint8Array): Uint8Array {
  return bounded(Buffer.concat([runPrefix(run), encodeKey(operator), key]), PARTITION_KEY_BYTES_MAX);
}

/** What the partition keys of a run, and no others, begin with. */
export function runPrefix(run: string): Uint8Array {
  return encodeKey(run);
}

export function sortKeyOf(place: Uint8Array): Uint8Array {
  return bounded(place, SORT_KEY_BYTES_MAX);
}

/** False if the sort key alone does not say the place. */
export function isWholePlace(sortKey: Uint8Array): boolean {
  return sortKey.length < SORT_KEY_BYTES_MAX;
}

function bounded(bytes: Uint8Array, max: number): Uint8Array {
  if (bytes.length < max) return bytes;
  const hash = createHash('sha256').update(bytes).digest();
  return Buffer.concat([bytes.subarray(0, max - HASH_BYTES), hash]);
}
