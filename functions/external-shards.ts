/** Which subtask reads which shard of an external stream, or which split of a source that is polled. */
import type { ShardOwner } from '../lib/coordinator/genesis.ts';
import { keyGroupOf } from '../lib/core/key.ts';
import { LIMITS } from '../lib/core/limits.ts';

const SHARD = /^shardId-\d+$/;

/**
 * Index of the subtask that reads a shard or a split: shards are numbered in the order in which they came to
 * be, other names are spread by their hash.
 */
export function readerOf(splitId: string, parallelism: number): number {
  if (SHARD.test(splitId)) return shardNumber(splitId) % parallelism;
  return keyGroupOf(splitId, LIMITS.parallelismMax) % parallelism;
}

/** As of `readerOf`, for restores. */
export const ownerOfShard: ShardOwner = ({ parallelism }, shard) => readerOf(shard, parallelism);

/** The number in `shardId-000000000007`. */
export function shardNumber(shardId: string): number {
  return Number(shardId.slice(shardId.lastIndexOf('-') + 1));
}
