/** What a job's sources and sinks become on AWS: bindings replace the connector of an operator. */
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IStream } from 'aws-cdk-lib/aws-kinesis';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';

/**
 * Where reading begins: at the oldest record that is there, at a time, or at the moment at which the mapping
 * is deployed first.
 */
export type StartPosition = 'trim-horizon' | 'now' | Date;

/** What is needed of a bucket: any `IBucket` has it. */
export type ObjectBucket = Pick<IBucket, 'bucketName' | 'bucketArn' | 'arnForObjects' | 'encryptionKey'>;

/** What is needed of a table that is written: any `ITable` has it. */
export type TargetTable = Omit<ITable, 'tableStreamArn'>;

/** What is needed of a table whose changes are read: any `ITable` has it. */
export type ChangedTable = Pick<ITable, 'encryptionKey' | 'node'> & {
  readonly tableStreamArn?: string | undefined;
};

/** Options of `Sources.kinesis`. */
export interface KinesisSourceOptions {
  /**
   * Where reading begins when the job is deployed first.
   * @default 'trim-horizon'
   */
  readonly startPosition?: StartPosition;
  /**
   * Reads through a consumer of its own, with 2 MB a second and shard that no other reader shares. It is
   * billed by the shard hour.
   * @default false
   */
  readonly enhancedFanOut?: boolean;
}

/** Options of `Sources.s3`. */
export interface S3SourceOptions {
  /**
   * Goes on reading objects that appear, until the job is stopped; otherwise what is there is all.
   * @default false
   */
  readonly watch?: boolean;
}

/** Options of `Sources.dynamodbStream`. */
export interface DynamodbStreamOptions {
  /**
   * Where reading begins when the job is deployed first. A stream of DynamoDB cannot be entered at a time.
   * @default 'trim-horizon'
   */
  readonly startPosition?: 'trim-horizon';
}

/** Options of `Sinks.kinesis`. */
export interface KinesisSinkOptions {
  /**
   * Field whose value is the partition key of a record.
   * @default - records are spread over the shards
   */
  readonly partitionKey?: string;
}

/** Options of `Sinks.dynamodb`: needed for a table that is imported, whose key nobody knows. */
export interface DynamodbSinkOptions {
  /**
   * Name of the table's partition key.
   * @default - read from the table
   */
  readonly partitionKey?: string;
  /**
   * Name of the table's sort key.
   * @default - read from the table; none if `partitionKey` is given
   */
  readonly sortKey?: string;
}

/** A source on AWS; made by `Sources`. */
export type SourceBinding =
  | {
      readonly kind: 'kinesis-source';
      readonly stream: IStream;
      readonly startPosition: StartPosition;
      readonly enhancedFanOut: boolean;
    }
  | {
      readonly kind: 's3-source';
      readonly bucket: ObjectBucket;
      readonly prefix: string;
      readonly watch: boolean;
    }
  | { readonly kind: 'dynamodb-source'; readonly table: ChangedTable };

/** A sink on AWS; made by `Sinks`. */
export type SinkBinding =
  | { readonly kind: 'kinesis-sink'; readonly stream: IStream; readonly partitionKey: string | undefined }
  | { readonly kind: 's3-sink'; readonly bucket: ObjectBucket; readonly prefix: string }
  | {
      readonly kind: 'dynamodb-sink';
      readonly table: TargetTable;
      readonly partitionKey: string | undefined;
      readonly sortKey: string | undefined;
    }
  | { readonly kind: 'sqs-sink'; readonly queue: IQueue };

/** A source or a sink on AWS. */
export type Binding = SourceBinding | SinkBinding;

/** What a source may read on AWS. Decoding stays that of the job: NDJSON is one JSON line a record. */
export const Sources = {
  /** The records of a Kinesis stream, KPL aggregates taken apart. Each shard is read in order. */
  kinesis: (stream: IStream, options: KinesisSourceOptions = {}): SourceBinding => ({
    kind: 'kinesis-source',
    stream,
    startPosition: options.startPosition ?? 'trim-horizon',
    enhancedFanOut: options.enhancedFanOut ?? false,
  }),
  /** The objects under a prefix, which is a folder with `/` at its end or the beginning of names. */
  s3: (bucket: ObjectBucket, prefix: string, options: S3SourceOptions = {}): SourceBinding => ({
    kind: 's3-source',
    bucket,
    prefix,
    watch: options.watch ?? false,
  }),
  /**
   * The changes of a table: one record for each record of its stream, which the table must have. An NDJSON
   * source gets `{ eventName, keys, newImage, oldImage }`, with the images that the stream has.
   */
  dynamodbStream: (table: ChangedTable, _options: DynamodbStreamOptions = {}): SourceBinding => ({
    kind: 'dynamodb-source',
    table,
  }),
} as const;

/** What a sink may write on AWS. Encoding stays that of the job. */
export const Sinks = {
  /** Records of a Kinesis stream: at least once. With a partition key the last record of a key comes last. */
  kinesis: (stream: IStream, options: KinesisSinkOptions = {}): SinkBinding => ({
    kind: 'kinesis-sink',
    stream,
    partitionKey: options.partitionKey,
  }),
  /** Objects under a prefix: exactly once. */
  s3: (bucket: ObjectBucket, prefix: string): SinkBinding => ({ kind: 's3-sink', bucket, prefix }),
  /**
   * Items of a table, the last of a primary key wins: exactly once, for a sink whose input is keyed by it or
   * that has one subtask; others are refused. An attribute `millraceVersion` guards each item.
   */
  dynamodb: (table: TargetTable, options: DynamodbSinkOptions = {}): SinkBinding => ({
    kind: 'dynamodb-sink',
    table,
    partitionKey: options.partitionKey,
    sortKey: options.sortKey,
  }),
  /** Messages of a queue: at least once. */
  sqs: (queue: IQueue): SinkBinding => ({ kind: 'sqs-sink', queue }),
} as const;

/** True for a binding that an operator without inputs takes. */
export function isSourceBinding(binding: Binding): binding is SourceBinding {
  return binding.kind.endsWith('-source');
}
