/** A shard of an external stream, open or not. */
export interface ListedShard {
  readonly id: string;
  /** Shards that were split or merged into it; those that the stream has forgotten are left out. */
  readonly parents: readonly string[];
}
