/** Where a job keeps what must not be lost: log, records, keyed state, objects, undelivered messages. */
import { Duration, type RemovalPolicy, Validations } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import {
  JOB_TABLE,
  LOG_TABLE,
  STATE_TABLE,
  type TableSchema,
} from '../lib/adapters/dynamodb/table-schemas.ts';

/** The stores of one job. */
export interface Stores {
  readonly logTable: Table;
  readonly jobTable: Table;
  /** Only with the `table` state backend. */
  readonly stateTable: Table | undefined;
  readonly bucket: Bucket;
  /** Schedules and mappings leave here what they could not deliver. */
  readonly undelivered: Queue;
}

export interface StoresProps {
  readonly withStateTable: boolean;
  readonly removalPolicy: RemovalPolicy;
  readonly encryptionKey: IKey | undefined;
}

const UNDELIVERED_RETENTION = Duration.days(14);
const ABORT_UPLOADS_AFTER = Duration.days(2);

/** Makes the stores in `scope`. */
export function createStores(scope: Construct, props: StoresProps): Stores {
  return {
    logTable: createTable(scope, { id: 'Log', schema: LOG_TABLE, ...props }),
    jobTable: createTable(scope, { id: 'Jobs', schema: JOB_TABLE, ...props }),
    stateTable: props.withStateTable
      ? createTable(scope, { id: 'State', schema: STATE_TABLE, ...props })
      : undefined,
    bucket: createBucket(scope, props),
    undelivered: createQueue(scope, props),
  };
}

function createTable(
  scope: Construct,
  { id, schema, ...props }: StoresProps & { readonly id: string; readonly schema: TableSchema },
): Table {
  const { encryptionKey, removalPolicy } = props;
  return new Table(scope, id, {
    partitionKey: attributeOf(schema.partitionKey),
    sortKey: attributeOf(schema.sortKey),
    ...(schema.timeToLive === undefined ? {} : { timeToLiveAttribute: schema.timeToLive }),
    billingMode: BillingMode.PAY_PER_REQUEST,
    ...(encryptionKey === undefined
      ? { encryption: TableEncryption.DEFAULT }
      : { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey }),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    removalPolicy,
  });
}

function attributeOf({ name, type }: TableSchema['partitionKey']) {
  const types = { S: AttributeType.STRING, N: AttributeType.NUMBER, B: AttributeType.BINARY };
  return { name, type: types[type] };
}

function createBucket(scope: Construct, { encryptionKey, removalPolicy }: StoresProps): Bucket {
  const bucket = new Bucket(scope, 'Objects', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    ...(encryptionKey === undefined
      ? { encryption: BucketEncryption.S3_MANAGED }
      : { encryption: BucketEncryption.KMS, encryptionKey, bucketKeyEnabled: true }),
    lifecycleRules: [{ abortIncompleteMultipartUploadAfter: ABORT_UPLOADS_AFTER }],
    removalPolicy,
  });
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason: 'Only the functions of the job use the bucket; access logs would cost more than the objects.',
  });
  return bucket;
}

function createQueue(scope: Construct, { encryptionKey, removalPolicy }: StoresProps): Queue {
  const queue = new Queue(scope, 'Undelivered', {
    retentionPeriod: UNDELIVERED_RETENTION,
    enforceSSL: true,
    ...(encryptionKey === undefined
      ? { encryption: QueueEncryption.SQS_MANAGED }
      : { encryption: QueueEncryption.KMS, encryptionMasterKey: encryptionKey }),
    removalPolicy,
  });
  Validations.of(queue).acknowledge({
    id: 'AwsSolutions-SQS3',
    reason: 'This queue is where undelivered messages end up; it has no consumer that could fail.',
  });
  return queue;
}
