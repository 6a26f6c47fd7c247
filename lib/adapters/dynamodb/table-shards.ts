import { DescribeStreamCommand, DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { callAws } from '../../core/aws-failure.ts';
import type { ListedShard } from '../../core/listed-shard.ts';
import { awsClientOptions } from '../aws-client-options.ts';

let client: DynamoDBStreamsClient | undefined;

/** The shards of the stream of a table, closed ones that still hold records too. */
export async function listTableShards(streamArn: string): Promise<readonly ListedShard[]> {
  client ??= new DynamoDBStreamsClient(awsClientOptions());
  const known = client;
  const shards: ListedShard[] = [];
  let last: string | undefined;
  do {
    const describe = new DescribeStreamCommand({ StreamArn: streamArn, ExclusiveStartShardId: last });
    const page = await callAws(`The list of the shards of ${streamArn}`, () => known.send(describe));
    for (const { ShardId, ParentShardId } of page.StreamDescription?.Shards ?? []) {
      if (ShardId === undefined) continue;
      shards.push({ id: ShardId, parents: ParentShardId === undefined ? [] : [ParentShardId] });
    }
    last = page.StreamDescription?.LastEvaluatedShardId;
  } while (last !== undefined);
  return shards;
}
