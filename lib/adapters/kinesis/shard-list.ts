import { type KinesisClient, ListShardsCommand } from '@aws-sdk/client-kinesis';
import { callAws } from '../../core/aws-failure.ts';

/** Ids of the shards of a stream, closed ones that still hold records too. */
export async function listShards(client: KinesisClient, stream: string): Promise<readonly string[]> {
  const ids: string[] = [];
  let token: string | undefined;
  do {
    const list = new ListShardsCommand(token === undefined ? { StreamName: stream } : { NextToken: token });
    const page = await callAws(`The list of the shards of ${stream}`, () => client.send(list));
    for (const { ShardId } of page.Shards ?? []) if (ShardId !== undefined) ids.push(ShardId);
    token = page.NextToken;
  } while (token !== undefined);
  return ids;
}
