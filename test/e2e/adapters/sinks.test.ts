/** The sinks of services, over an emulator: what arrives, and what a repetition changes. */
import { CreateTableCommand, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, expect, it } from 'vitest';
import { DynamoDbSink } from '../../../lib/connectors/dynamodb/dynamodb-sink.ts';
import { KinesisSink } from '../../../lib/connectors/kinesis/kinesis-sink.ts';
import { SqsSink } from '../../../lib/connectors/sqs/sqs-sink.ts';
import { commit, LINES, sink, written } from '../../unit/connectors/message/sunk.ts';
import { AwsClients } from '../aws-stores.ts';
import { startEmulator } from '../emulator/emulator.ts';

const emulator = await startEmulator();
const clients = new AwsClients(emulator.endpoint);
afterAll(() => emulator.stop());

const records = Array.from({ length: 25 }, (_, i) => ({ id: `item-${i % 5}`, i }));

it('a Kinesis sink: every record arrives, in the order of its key', async () => {
  const { streams, subject, close } = await clients.openTransport({ out: 1 });
  const stream = streams.out?.name ?? '';
  const target = new KinesisSink(LINES.spec, {
    ...{ stream, partitionKey: 'id' },
    client: async () => clients.kinesis,
  });
  await sink(target, records);
  const received = await subject.received('out/0', records.length);
  const lines = received.map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString()));
  expect(lines).toEqual(records);
  await close();
});

it('an SQS sink: every record arrives', async () => {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const options = { endpoint: emulator.endpoint, region: 'us-east-1', credentials };
  const sqs = new SQSClient({ ...options, requestHandler: new NodeHttpHandler() });
  const { QueueUrl: queueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'out' }));
  await sink(new SqsSink(LINES.spec, { queueUrl, client: async () => sqs }), records);
  const found: unknown[] = [];
  for (;;) {
    const receive = new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 });
    const { Messages = [] } = await sqs.send(receive);
    if (Messages.length === 0) break;
    found.push(...Messages.map(({ Body = '' }) => JSON.parse(Body)));
  }
  expect(found.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))).toEqual(
    records.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
  );
});

it('I16: a DynamoDB sink keeps the newest record, whatever is repeated or late', async () => {
  const table = 'items';
  await clients.dynamo.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  const client = async () => clients.dynamo;
  const runtime = await new DynamoDbSink(LINES.spec, { table, partitionKey: 'id', client }).load();
  const at = (version: number) => written(runtime, [{ id: 'a', version }], { version });
  const amount = async () => {
    const get = new GetItemCommand({ TableName: table, Key: { id: { S: 'a' } } });
    return (await clients.dynamo.send(get)).Item?.version?.N;
  };
  const [first, second, tenth] = [await at(1), await at(2), await at(10)];
  await commit(runtime, first);
  await commit(runtime, tenth);
  await commit(runtime, second);
  await commit(runtime, first);
  expect(await amount()).toBe('10');
  await commit(runtime, await written(runtime, [{ id: 'a', version: 1 }], { version: 1, lineage: 2 }));
  await commit(runtime, tenth);
  expect(await amount()).toBe('1');
});
