/** Fresh tables, buckets and streams of an emulator, and the adapters over them. */
import { randomUUID } from 'node:crypto';
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  CreateStreamCommand,
  DeleteStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
} from '@aws-sdk/client-kinesis';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { TableSchema } from '../../lib/adapters/dynamodb/table-schemas.ts';
import { KinesisStreamTransport } from '../../lib/adapters/kinesis/kinesis-stream-transport.ts';
import type { OutgoingRecord } from '../../lib/ports/stream-transport.ts';
import type { ReadableTransport } from '../contract/stream-transport-contract.ts';

const READ_PAUSE_MS = 50;
const READS_MAX = 100;

/** Clients of one emulator. */
export class AwsClients {
  readonly dynamo: DynamoDBClient;
  readonly s3: S3Client;
  readonly kinesis: KinesisClient;
  readonly lambda: LambdaClient;
  readonly sqs: SQSClient;

  constructor(endpoint: string) {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    // The emulator breaks HTTP/2.
    const requestHandler = new NodeHttpHandler();
    const options = { endpoint, region: 'us-east-1', credentials, requestHandler };
    this.dynamo = new DynamoDBClient(options);
    this.s3 = new S3Client({ ...options, forcePathStyle: true });
    this.kinesis = new KinesisClient(options);
    this.lambda = new LambdaClient(options);
    this.sqs = new SQSClient(options);
  }

  async createTable({ partitionKey, sortKey }: TableSchema): Promise<string> {
    const TableName = `t-${randomUUID()}`;
    await this.dynamo.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [partitionKey, sortKey].map(({ name, type }) => ({
          AttributeName: name,
          AttributeType: type,
        })),
        KeySchema: [
          { AttributeName: partitionKey.name, KeyType: 'HASH' },
          { AttributeName: sortKey.name, KeyType: 'RANGE' },
        ],
      }),
    );
    return TableName;
  }

  async deleteTable(TableName: string): Promise<void> {
    await this.dynamo.send(new DeleteTableCommand({ TableName }));
  }

  async createBucket(): Promise<string> {
    const Bucket = `b-${randomUUID()}`;
    await this.s3.send(new CreateBucketCommand({ Bucket }));
    return Bucket;
  }

  /** A transport to streams of these vertices, by their numbers of shards. */
  async openTransport(vertices: Readonly<Record<string, number>>) {
    const streams: Record<string, { name: string; shards: number }> = {};
    for (const [vertex, shards] of Object.entries(vertices)) {
      const name = `s-${randomUUID()}`;
      await this.kinesis.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }));
      streams[vertex] = { name, shards };
    }
    const transport = new KinesisStreamTransport({ client: this.kinesis, streams });
    const subject: ReadableTransport = {
      transport,
      received: (target, atLeast) => this.#received(streams, target, atLeast),
    };
    const close = async (): Promise<void> => {
      for (const { name } of Object.values(streams)) {
        await this.kinesis.send(new DeleteStreamCommand({ StreamName: name }));
      }
    };
    return { subject, close, streams };
  }

  async #received(
    streams: Readonly<Record<string, { readonly name: string }>>,
    target: string,
    atLeast: number,
  ): Promise<readonly OutgoingRecord[]> {
    const [vertex = '', index = ''] = target.split('/');
    const ShardId = `shardId-${index.padStart(12, '0')}`;
    const { ShardIterator } = await this.kinesis.send(
      new GetShardIteratorCommand({
        StreamName: streams[vertex]?.name,
        ShardId,
        ShardIteratorType: 'TRIM_HORIZON',
      }),
    );
    const records: OutgoingRecord[] = [];
    let next = ShardIterator;
    for (let read = 0; read < READS_MAX && next !== undefined; read++) {
      const page = await this.kinesis.send(new GetRecordsCommand({ ShardIterator: next }));
      for (const { PartitionKey = '', Data = new Uint8Array() } of page.Records ?? []) {
        records.push({ run: PartitionKey, target, bytes: new Uint8Array(Data) });
      }
      if (records.length >= atLeast && page.Records?.length === 0) break;
      next = page.NextShardIterator;
      if (page.Records?.length === 0) await new Promise((resolve) => setTimeout(resolve, READ_PAUSE_MS));
    }
    return records;
  }
}
