/** Which subtask reads which shard of an external stream. */
import type { ShardOwner } from '../lib/coordinator/genesis.ts';

/** Index of the subtask that reads a shard: shards are numbered in the order in which they came to be. */
export function readerOf(shardId: string, parallelism: number): number {
  return shardNumber(shardId) % parallelism;
}

/** As of `readerOf`, for restores. */
export const ownerOfShard: ShardOwner = ({ parallelism }, shard) => readerOf(shard, parallelism);

/** The number in `shardId-000000000007`. */
export function shardNumber(shardId: string): number {
  return Number(shardId.slice(shardId.lastIndexOf('-') + 1));
}
