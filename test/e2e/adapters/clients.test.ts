/** The clients of a process, as functions use them. */
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoDbClient } from '../../../lib/adapters/dynamodb/dynamodb-client.ts';
import { DynamoDbJobRecords } from '../../../lib/adapters/dynamodb/dynamodb-job-records.ts';
import { JOB_TABLE } from '../../../lib/adapters/dynamodb/table-schemas.ts';
import { kinesisClient } from '../../../lib/adapters/kinesis/kinesis-client.ts';
import { KinesisStreamTransport } from '../../../lib/adapters/kinesis/kinesis-stream-transport.ts';
import { lambdaClient } from '../../../lib/adapters/lambda/lambda-client.ts';
import { s3Client } from '../../../lib/adapters/s3/s3-client.ts';
import { S3ObjectStore } from '../../../lib/adapters/s3/s3-object-store.ts';
import { AwsClients } from '../aws-stores.ts';
import { startEmulator } from '../emulator/emulator.ts';

const emulator = await startEmulator();
const clients = new AwsClients(emulator.endpoint);
const ENVIRONMENT = {
  AWS_ENDPOINT_URL: emulator.endpoint,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
};
const before = { ...process.env };
beforeAll(() => void Object.assign(process.env, ENVIRONMENT));
afterAll(async () => {
  process.env = before;
  await emulator.stop();
});

describe('clients of a process', () => {
  it('are made once', () => {
    for (const client of [dynamoDbClient, s3Client, kinesisClient, lambdaClient]) {
      expect(client()).toBe(client());
    }
  });

  it('go where AWS_ENDPOINT_URL says', async () => {
    const table = await clients.createTable(JOB_TABLE);
    const records = new DynamoDbJobRecords({ client: dynamoDbClient(), table, job: 'job' });
    expect(await records.create('k', 1)).toBe(true);
    await clients.deleteTable(table);

    const bucket = await clients.createBucket();
    const objects = new S3ObjectStore({ client: s3Client(), bucket });
    expect(await objects.put('a/b', Uint8Array.of(1))).toBe(true);
    expect(await objects.get('a/b')).toEqual(Uint8Array.of(1));

    const { streams, close } = await clients.openTransport({ a: 1 });
    const transport = new KinesisStreamTransport({ client: kinesisClient(), streams });
    const outcomes = await transport.send([{ run: 'run', target: 'a/0', bytes: Uint8Array.of(1) }]);
    expect(outcomes).toMatchObject([{ kind: 'sent', deliveredTo: 'a/0' }]);
    await close();

    const call = lambdaClient().send(new InvokeCommand({ FunctionName: 'no-such-function' }));
    await expect(call).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('a bucket that is not there is told from one that is busy', async () => {
    const objects = new S3ObjectStore({ client: s3Client(), bucket: 'no-such-bucket-of-this-test' });
    await expect(objects.put('a', Uint8Array.of(1))).rejects.toMatchObject({ code: 'AWS_RESOURCE_MISSING' });
    await expect(objects.get('a')).rejects.toMatchObject({ code: 'AWS_RESOURCE_MISSING' });
    await expect(objects.delete(['a'])).rejects.toMatchObject({ code: 'AWS_RESOURCE_MISSING' });
  });
});
