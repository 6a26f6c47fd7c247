/** What the sinks of AWS write, read back from its services. */
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, describe, expect, it } from 'vitest';
import { DynamoDbSink } from '../../lib/connectors/dynamodb/dynamodb-sink.ts';
import { FileSink } from '../../lib/connectors/file/file-sink.ts';
import { KinesisSink } from '../../lib/connectors/kinesis/kinesis-sink.ts';
import { SqsSink } from '../../lib/connectors/sqs/sqs-sink.ts';
import { commit, loggedCommit, type Place, writeTo } from '../sink-commits.ts';
import { AwsClients } from './aws-stores.ts';
import { startEmulator } from './emulator/emulator.ts';

interface Reading {
  readonly sensor: string;
  readonly hour: number;
  readonly value: number;
}

const READINGS = FileSink.ndjson<Reading>('out').spec;

const emulator = await startEmulator();
const clients = new AwsClients(emulator.endpoint);
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const sqs = new SQSClient({ endpoint: emulator.endpoint, region: 'us-east-1', credentials });
afterAll(async () => {
  sqs.destroy();
  await emulator.stop();
});

/** Readings of these sensors in turn, numbered. */
function readings(sensors: readonly string[], count: number): readonly Reading[] {
  return Array.from({ length: count }, (_, value) => ({
    sensor: sensors[value % sensors.length]!,
    hour: 0,
    value,
  }));
}

function parsed(text: string): Reading {
  // What the sinks were given.
  return JSON.parse(text) as Reading;
}

describe('the Kinesis sink', () => {
  it('sends each record at least once, those of a key to one shard and in order', async () => {
    const { subject, streams, close } = await clients.openTransport({ readings: 2 });
    const client = async () => clients.kinesis;
    const target = { stream: streams.readings!.name, partitionKey: 'sensor', client };
    const sink = new KinesisSink(READINGS, target);
    const all = readings(['a', 'b', 'c', 'd', 'e', 'f', 'g'], 1200);
    const requests = await loggedCommit(sink, all);
    await commit(sink, requests);
    // An attempt whose answer was lost is repeated.
    await commit(sink, requests);

    const [first, second] = await Promise.all([
      subject.received('readings/0', 1),
      subject.received('readings/1', 1),
    ]);
    const sent = [...first, ...second].map(({ bytes }) => parsed(Buffer.from(bytes).toString()));
    for (const sensor of new Set(all.map((reading) => reading.sensor))) {
      const expected = all.filter((reading) => reading.sensor === sensor);
      expect(sent.filter((reading) => reading.sensor === sensor)).toEqual([...expected, ...expected]);
    }
    const keys = [first, second].map((records) => new Set(records.map(({ run }) => run)));
    expect(keys[0]!.size * keys[1]!.size).toBeGreaterThan(0);
    expect(keys[0]!.isDisjointFrom(keys[1]!)).toBe(true);
    await close();
  });
});

describe('the DynamoDB sink', () => {
  async function openTable() {
    const table = await clients.createTable({
      partitionKey: { name: 'sensor', type: 'S' },
      sortKey: { name: 'hour', type: 'N' },
    });
    const client = async () => clients.dynamo;
    const sink = new DynamoDbSink(READINGS, { table, partitionKey: 'sensor', sortKey: 'hour', client });
    const values = async (): Promise<Readonly<Record<string, number>>> => {
      const { Items = [] } = await clients.dynamo.send(new ScanCommand({ TableName: table }));
      return Object.fromEntries(
        Items.map(({ sensor, hour, value }) => [`${sensor?.S}${hour?.N}`, Number(value?.N)]),
      );
    };
    return { sink, values, close: () => clients.deleteTable(table) };
  }

  function reading(key: string, value: number): Reading {
    return { sensor: key.slice(0, 1), hour: Number(key.slice(1)), value };
  }

  it('ends with the last record of each key, however often and late attempts are repeated', async () => {
    const { sink, values, close } = await openTable();
    const commits = [
      await loggedCommit(sink, [reading('a1', 1), reading('a2', 1), reading('b1', 1)], { version: 9 }),
      await loggedCommit(sink, [reading('a1', 2), reading('a1', 3)], { version: 10 }),
      await loggedCommit(sink, [reading('b1', 4)], { version: 11 }),
    ];
    for (const requests of commits) await commit(sink, requests);
    const expected = { a1: 3, a2: 1, b1: 4 };
    expect(await values()).toEqual(expected);
    for (const requests of commits.toReversed()) {
      await commit(sink, requests);
      expect(await values()).toEqual(expected);
    }
    await close();
  });

  it('takes the newest of commits that race', async () => {
    const { sink, values, close } = await openTable();
    const places = Array.from({ length: 20 }, (_, i): Place => ({ version: 20 - i }));
    await Promise.all(
      places.map((place) =>
        writeTo(sink, [reading('a1', place.version!), reading('b1', place.version!)], place),
      ),
    );
    expect(await values()).toEqual({ a1: 20, b1: 20 });
    await close();
  });

  it('lets a later run go on where the key has moved, and takes nothing more of the run before', async () => {
    const { sink, values, close } = await openTable();
    await writeTo(sink, [reading('a1', 1)], { lineage: 1, subtask: 3, version: 5000 });
    await writeTo(sink, [reading('a1', 2)], { lineage: 2, subtask: 0, version: 1 });
    await writeTo(sink, [reading('a1', 3)], { lineage: 1, subtask: 3, version: 5001 });
    expect(await values()).toEqual({ a1: 2 });
    await close();
  });

  it('writes more items than a service takes in one call', async () => {
    const { sink, values, close } = await openTable();
    await writeTo(
      sink,
      Array.from({ length: 150 }, (_, hour) => ({ sensor: 'a', hour, value: hour })),
    );
    expect(Object.keys(await values())).toHaveLength(150);
    await close();
  });
});

describe('the SQS sink', () => {
  async function openQueue(QueueName: string, Attributes: Readonly<Record<string, string>> = {}) {
    const { QueueUrl: queueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
    const sink = new SqsSink(READINGS, { queueUrl, client: async () => sqs });
    return { sink, values: () => valuesIn(queueUrl) };
  }

  /** Takes all messages out of a queue, in the order in which it gives them. */
  async function valuesIn(QueueUrl: string): Promise<readonly number[]> {
    const values: number[] = [];
    for (;;) {
      const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 });
      const { Messages = [] } = await sqs.send(receive);
      if (Messages.length === 0) return values;
      values.push(...Messages.map(({ Body = '' }) => parsed(Body).value));
      const Entries = Messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    }
  }

  const all = readings(['a'], 25);

  it('sends each message at least once', async () => {
    const { sink, values } = await openQueue('readings');
    const requests = await loggedCommit(sink, all);
    await commit(sink, requests);
    await commit(sink, requests);
    const sent = await values();
    expect(sent).toHaveLength(50);
    expect(new Set(sent)).toEqual(new Set(all.map(({ value }) => value)));
  });

  it('to a FIFO queue sends them in order, and the queue drops what is repeated', async () => {
    const { sink, values } = await openQueue('readings.fifo', { FifoQueue: 'true' });
    const requests = await loggedCommit(sink, all);
    await commit(sink, requests);
    await commit(sink, requests);
    expect(await values()).toEqual(all.map(({ value }) => value));
  });
});
