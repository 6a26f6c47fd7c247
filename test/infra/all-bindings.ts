/** The job of COUNTS with each kind of binding, to things with keys of their own. */
import { AttributeType, StreamViewType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { type Binding, Sinks, Sources } from '../../infra/index.ts';
import { addCounts, type JobStack } from './job-stack.ts';

interface Bound {
  readonly operator: 'clicks' | 'out';
  readonly binding: Binding;
}

function tableOf({ stack }: JobStack, encryptionKey: Key): Table {
  const table = new Table(stack, 'Table', {
    partitionKey: { name: 'user', type: AttributeType.STRING },
    encryption: TableEncryption.CUSTOMER_MANAGED,
    encryptionKey,
    stream: StreamViewType.NEW_IMAGE,
  });
  table.addGlobalSecondaryIndex({
    indexName: 'byCount',
    partitionKey: { name: 'count', type: AttributeType.NUMBER },
  });
  return table;
}

function streamOf({ stack }: JobStack, encryptionKey: Key): Stream {
  return new Stream(stack, 'Sealed', { encryptionKey, shardCount: 1 });
}

function bucketOf({ stack }: JobStack, encryptionKey: Key): Bucket {
  return new Bucket(stack, 'Bucket', { encryptionKey });
}

/** By a name for the test. */
export const ALL_BINDINGS: Readonly<Record<string, (parts: JobStack, key: Key) => Bound>> = {
  'a stream as a source': (parts, key) => ({
    operator: 'clicks',
    binding: Sources.kinesis(streamOf(parts, key), { enhancedFanOut: true, startPosition: 'now' }),
  }),
  'objects as a source': (parts, key) => ({
    operator: 'clicks',
    binding: Sources.s3(bucketOf(parts, key), 'in/'),
  }),
  'a table as a source': (parts, key) => ({
    operator: 'clicks',
    binding: Sources.dynamodbStream(tableOf(parts, key)),
  }),
  'a stream as a sink': (parts, key) => ({ operator: 'out', binding: Sinks.kinesis(streamOf(parts, key)) }),
  'objects as a sink': (parts, key) => ({
    operator: 'out',
    binding: Sinks.s3(bucketOf(parts, key), 'out/'),
  }),
  'a table as a sink': (parts, key) => ({ operator: 'out', binding: Sinks.dynamodb(tableOf(parts, key)) }),
  'a queue as a sink': (parts, key) => ({
    operator: 'out',
    binding: Sinks.sqs(
      new Queue(parts.stack, 'Queue', { encryption: QueueEncryption.KMS, encryptionMasterKey: key }),
    ),
  }),
};

/** Adds the job with one binding of ALL_BINDINGS, the other end as ever. */
export function addBound(parts: JobStack, name: string): void {
  const key = new Key(parts.stack, 'Key', { enableKeyRotation: true });
  const bound = ALL_BINDINGS[name]?.(parts, key);
  if (bound === undefined) throw new Error(`There is no binding ${name}.`);
  const usual = { clicks: Sources.kinesis(parts.input), out: Sinks.s3(parts.output, 'Counts/') };
  addCounts(parts, { bindings: { ...usual, [bound.operator]: bound.binding } });
}
