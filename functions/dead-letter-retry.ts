/** The function that people call to have dead letters processed again. */
import { randomUUID } from 'node:crypto';
import middy from '@middy/core';
import { kinesisClient } from '../lib/adapters/kinesis/kinesis-client.ts';
import { s3Client } from '../lib/adapters/s3/s3-client.ts';
import { S3ObjectStore } from '../lib/adapters/s3/s3-object-store.ts';
import { sendRecords } from '../lib/connectors/kinesis/record-sending.ts';
import { feedDeadLetters, type RetryReport, type RetryRequest } from './dead-letter-feed.ts';
import { readDeployment } from './deployment-environment.ts';
import { logFailure } from './middlewares/log-failure.ts';

const { bindings, bucket } = readDeployment();
const ports = {
  bindings,
  objects: new S3ObjectStore({ client: s3Client(), bucket }),
  send: (stream: string, records: readonly string[]) => {
    // Keys that differ spread the records over the shards.
    const entries = records.map((record) => ({ Data: Buffer.from(record), PartitionKey: randomUUID() }));
    return sendRecords({ client: kinesisClient(), stream }, entries);
  },
};

/** Feeds dead letters to the sources that read such records: `{}` for all that sources refused. */
export const handler = middy<RetryRequest | null, RetryReport>()
  .use(logFailure())
  .handler((request) => feedDeadLetters(ports, request ?? {}));
