import {
  type AttributeValue,
  BatchWriteItemCommand,
  type DynamoDBClient,
  QueryCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { callAws } from '../../core/aws-failure.ts';
import { RetryableError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';

type Key = Record<string, AttributeValue>;

/** Items that one call may delete. */
const BATCH_ITEMS_MAX = 25;

/** Deletes every item of a partition; repeating it goes on. Throws RetryableError IO_FAILED. */
export async function deletePartition(client: DynamoDBClient, table: string, pk: string): Promise<void> {
  let start: Key | undefined;
  do {
    const page = new QueryCommand({
      TableName: table,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: pk } },
      ProjectionExpression: 'pk, sk',
      ConsistentRead: true,
      ExclusiveStartKey: start,
    });
    const { Items = [], LastEvaluatedKey } = await callAws(`The read of ${pk}`, () => client.send(page));
    await deleteKeys(client, table, Items);
    start = LastEvaluatedKey;
  } while (start !== undefined);
}

function keysOf(requests: readonly WriteRequest[]): readonly Key[] {
  return requests.map(({ DeleteRequest }) => DeleteRequest?.Key).filter((key) => key !== undefined);
}

/** Deletes items of any partitions. Throws RetryableError IO_FAILED. */
export async function deleteKeys(client: DynamoDBClient, table: string, keys: readonly Key[]): Promise<void> {
  for (let i = 0; i < keys.length; i += BATCH_ITEMS_MAX) {
    await deleteBatch(client, table, keys.slice(i, i + BATCH_ITEMS_MAX));
  }
}

async function deleteBatch(client: DynamoDBClient, table: string, keys: readonly Key[]): Promise<void> {
  let left = keys;
  for (let attempt = 0; attempt < LIMITS.storeTriesMax; attempt++) {
    const RequestItems = { [table]: left.map((Key) => ({ DeleteRequest: { Key } })) };
    const batch = new BatchWriteItemCommand({ RequestItems });
    const { UnprocessedItems } = await callAws(`A deletion in ${table}`, () => client.send(batch));
    left = keysOf(UnprocessedItems?.[table] ?? []);
    if (left.length === 0) return;
  }
  throw new RetryableError('IO_FAILED', `${left.length} items of ${table} are not deleted yet; repeat it.`);
}
