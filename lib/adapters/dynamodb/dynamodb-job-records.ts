/** Records of a job in a DynamoDB table: all of a job in one partition, in order of their keys. */
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { callAws } from '../../core/aws-failure.ts';
import { InvariantError } from '../../core/errors.ts';
import type { JobRecord, JobRecords } from '../../ports/job-records.ts';

type Attributes = Record<string, AttributeValue>;

export interface DynamoDbRecordsOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** The partition. */
  readonly job: string;
}

export class DynamoDbJobRecords implements JobRecords {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #job: string;

  constructor({ client, table, job }: DynamoDbRecordsOptions) {
    this.#client = client;
    this.#table = table;
    this.#job = job;
  }

  async get(key: string): Promise<JobRecord | undefined> {
    const get = new GetItemCommand({ TableName: this.#table, Key: this.#key(key), ConsistentRead: true });
    const { Item } = await callAws(`The read of record ${key}`, () => this.#client.send(get));
    return Item && recordOf(Item);
  }

  create(key: string, value: unknown): Promise<boolean> {
    return this.#put(key, { revision: 1, value, condition: 'attribute_not_exists(pk)' });
  }

  update(key: string, revision: number, value: unknown): Promise<boolean> {
    return this.#put(key, { revision: revision + 1, value, condition: 'r = :before', before: revision });
  }

  async list(prefix: string): Promise<readonly JobRecord[]> {
    const records: JobRecord[] = [];
    let start: Attributes | undefined;
    do {
      const query = new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: `pk = :job${prefix === '' ? '' : ' AND begins_with(sk, :prefix)'}`,
        ExpressionAttributeValues: {
          ':job': { S: this.#job },
          ...(prefix === '' ? {} : { ':prefix': { S: prefix } }),
        },
        ConsistentRead: true,
        ExclusiveStartKey: start,
      });
      const page = await callAws(`The list of records ${prefix}`, () => this.#client.send(query));
      records.push(...(page.Items ?? []).map(recordOf));
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
    return records;
  }

  async #put(
    key: string,
    {
      revision,
      value,
      condition,
      before,
    }: {
      readonly revision: number;
      readonly value: unknown;
      readonly condition: string;
      readonly before?: number;
    },
  ): Promise<boolean> {
    const put = new PutItemCommand({
      TableName: this.#table,
      Item: { ...this.#key(key), r: { N: String(revision) }, d: { S: JSON.stringify(value) } },
      ConditionExpression: condition,
      ...(before === undefined ? {} : { ExpressionAttributeValues: { ':before': { N: String(before) } } }),
    });
    return callAws(`The write of record ${key}`, async () => {
      try {
        await this.#client.send(put);
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    });
  }

  #key(key: string): Attributes {
    return { pk: { S: this.#job }, sk: { S: key } };
  }
}

function recordOf({ sk, r, d }: Attributes): JobRecord {
  if (sk?.S === undefined || r?.N === undefined || d?.S === undefined) {
    throw new InvariantError('INVARIANT', `The job table holds what is no record: ${sk?.S ?? '?'}.`);
  }
  return { key: sk.S, revision: Number(r.N), value: JSON.parse(d.S) };
}
