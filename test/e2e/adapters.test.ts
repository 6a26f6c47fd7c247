/** The contracts of the ports, kept by the adapters of AWS. */
import { afterAll } from 'vitest';
import { DynamoDbJobRecords } from '../../lib/adapters/dynamodb/dynamodb-job-records.ts';
import { DynamoDbSubtaskLog } from '../../lib/adapters/dynamodb/dynamodb-subtask-log.ts';
import { JOB_TABLE, LOG_TABLE } from '../../lib/adapters/dynamodb/table-schemas.ts';
import { S3ObjectStore } from '../../lib/adapters/s3/s3-object-store.ts';
import { describeDeadLetters } from '../contract/dead-letters-contract.ts';
import { describeJobRecords } from '../contract/job-records-contract.ts';
import { RING_SIZE } from '../contract/log-samples.ts';
import { describeObjectStore } from '../contract/object-store-contract.ts';
import { letterObjects } from '../contract/readable-letters.ts';
import { describeStreamTransport } from '../contract/stream-transport-contract.ts';
import { describeSubtaskInvoker } from '../contract/subtask-invoker-contract.ts';
import { describeSubtaskLog } from '../contract/subtask-log-contract.ts';
import { AwsClients } from './aws-stores.ts';
import { startEmulator } from './emulator/emulator.ts';
import { RequestedFunctions } from './emulator/requested-functions.ts';

const emulator = await startEmulator();
const clients = new AwsClients(emulator.endpoint);
afterAll(() => emulator.stop());

describeSubtaskLog(
  'dynamodb',
  async () => {
    const table = await clients.createTable(LOG_TABLE);
    const subject = new DynamoDbSubtaskLog({ client: clients.dynamo, table, ringSize: RING_SIZE });
    return { subject, close: () => clients.deleteTable(table) };
  },
  { skip: [{ id: 'LOG-03', reason: 'an item holds 400 KB; larger payloads are objects' }] },
);

describeJobRecords('dynamodb', async () => {
  const table = await clients.createTable(JOB_TABLE);
  const subject = new DynamoDbJobRecords({ client: clients.dynamo, table, job: 'job' });
  return { subject, close: () => clients.deleteTable(table) };
});

describeObjectStore('s3', async () => {
  const bucket = await clients.createBucket();
  const subject = new S3ObjectStore({ client: clients.s3, bucket, prefix: 'job/' });
  return { subject, close: async () => {} };
});

describeDeadLetters('s3', async () => {
  const objects = new S3ObjectStore({ client: clients.s3, bucket: await clients.createBucket() });
  return { subject: letterObjects(objects), close: async () => {} };
});

describeSubtaskInvoker('lambda', async () => {
  const functions = new RequestedFunctions(clients.lambda);
  return { subject: await functions.open(['read', 'count']), close: () => functions.close() };
});

describeStreamTransport('kinesis', () => clients.openTransport({ a: 8, b: 1 }));
