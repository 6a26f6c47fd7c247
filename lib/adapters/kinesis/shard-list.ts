import { type KinesisClient, ListShardsCommand } from '@aws-sdk/client-kinesis';
import { callAws } from '../../core/aws-failure.ts';
import type { ListedShard } from '../../core/listed-shard.ts';

/** The shards of a stream, closed ones that still hold records too. */
export async function listShards(client: KinesisClient, stream: string): Promise<readonly ListedShard[]> {
  const shards: ListedShard[] = [];
  let token: string | undefined;
  do {
    const list = new ListShardsCommand(token === undefined ? { StreamName: stream } : { NextToken: token });
    const page = await callAws(`The list of the shards of ${stream}`, () => client.send(list));
    for (const { ShardId, ParentShardId, AdjacentParentShardId } of page.Shards ?? []) {
      if (ShardId === undefined) continue;
      const parents = [ParentShardId, AdjacentParentShardId].flatMap((id) => id ?? []);
      shards.push({ id: ShardId, parents });
    }
    token = page.NextToken;
  } while (token !== undefined);
  return shards;
}
