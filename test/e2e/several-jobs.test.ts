/** Jobs of one stack run at once: over a stream, over objects that are there or come, and over a table. */
import { gzipSync } from 'node:zlib';
import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PutRecordCommand } from '@aws-sdk/client-kinesis';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { aggregatesOf } from '../kpl/aggregates.ts';
import { AwsClients } from './aws-stores.ts';
import {
  deploy,
  destroy,
  execute,
  linesIn,
  putLines,
  resourcesOf,
  sweepUntilFinished,
  untilConsumed,
} from './deployed-job.ts';
import { type Emulator, startEmulator } from './emulator/emulator.ts';
import { embeddedRun, firstFlights } from './flights.ts';
import { OBJECTS_BUCKET } from './objects-bucket.ts';
import { expectPayments, putPayments } from './payments.ts';
import { scaled } from './scale.ts';
import { type Outputs, outputOf } from './stack-outputs.ts';
import { until } from './until.ts';

const APP = 'test/e2e/apps/several-jobs.ts';
const FLIGHTS = scaled(5000, 50_000);
const OBJECTS = 4;
/** Flights that come in aggregates. */
const PACKED = 1000;
const ACCOUNTS = 20;
const CHANGES_MS_MAX = 30_000;

let emulator: Emulator;
let clients: AwsClients;
let outputs: Outputs;
let flights: readonly string[];

beforeAll(async () => {
  emulator = await startEmulator();
  clients = new AwsClients(emulator.endpoint);
  flights = await firstFlights(FLIGHTS);
  await putObjects(flights);
  for (const index of [0, 1]) await putPayments(clients, index);
  outputs = await deploy(emulator, APP);
}, 240_000);

afterAll(() => emulator?.stop());

/** In the order of their names; one of them is compressed. */
async function putObjects(lines: readonly string[]): Promise<void> {
  await clients.s3.send(new CreateBucketCommand({ Bucket: OBJECTS_BUCKET }));
  for (let i = 0; i < OBJECTS; i++) {
    const part = lines.slice((i * lines.length) / OBJECTS, ((i + 1) * lines.length) / OBJECTS);
    const text = `${part.join('\n')}\n`;
    const [Key, Body] = i === 1 ? [`flights/${i}.ndjson.gz`, gzipSync(text)] : [`flights/${i}.ndjson`, text];
    await clients.s3.send(new PutObjectCommand({ Bucket: OBJECTS_BUCKET, Key, Body }));
  }
}

async function expectResults(job: string): Promise<void> {
  const bucket = outputOf(outputs, 'ResultsBucket');
  const expected = embeddedRun(flights);
  expect((await linesIn(clients, bucket, `${job}/hourly/`)).toSorted()).toEqual(expected.hourly.toSorted());
  expect((await linesIn(clients, bucket, `${job}/late/`)).toSorted()).toEqual(expected.late.toSorted());
}

/** As a producer with the Kinesis Producer Library puts them. */
async function putAggregates(StreamName: string, lines: readonly string[]): Promise<void> {
  const aggregates = aggregatesOf(lines);
  for (const { bytes } of aggregates) {
    await clients.kinesis.send(new PutRecordCommand({ StreamName, Data: bytes, PartitionKey: 'lines' }));
  }
  expect(aggregates.length).toBeLessThan(lines.length / 100);
}

/** Every account is opened, paid into and closed. */
async function changeAccounts(): Promise<readonly string[]> {
  const TableName = outputOf(outputs, 'AccountsTable');
  const put = (id: string, amount: number) =>
    clients.dynamo.send(
      new PutItemCommand({ TableName, Item: { id: { S: id }, amount: { N: `${amount}` } } }),
    );
  const lines: string[] = [];
  for (let i = 0; i < ACCOUNTS; i++) {
    const id = `account-${i}`;
    await put(id, i);
    await put(id, i + 100);
    await clients.dynamo.send(new DeleteItemCommand({ TableName, Key: { id: { S: id } } }));
    const texts = [`INSERT ${i}`, `MODIFY ${i + 100}`, 'REMOVE -'];
    lines.push(...texts.map((text, n) => JSON.stringify({ id, text, n: n + 1 })));
  }
  return lines;
}

async function expectChanges(lines: readonly string[]): Promise<void> {
  const bucket = outputOf(outputs, 'ResultsBucket');
  const written = await until({
    what: `${lines.length} changes are written`,
    msMax: CHANGES_MS_MAX,
    look: async () => {
      const found = await linesIn(clients, bucket, 'changes/');
      return found.length < lines.length ? undefined : found;
    },
  });
  expect(written.toSorted()).toEqual(lines.toSorted());
}

it('each writes what an embedded run writes', { timeout: 240_000 }, async () => {
  const listed = sweepUntilFinished(clients, outputs, 'Listed');
  await putPayments(clients, 2);
  const changes = await changeAccounts();
  const stream = outputOf(outputs, 'FlightsStream');
  await putAggregates(stream, flights.slice(0, PACKED));
  const sequenceNumber = await putLines(clients, stream, flights.slice(PACKED));
  await untilConsumed(clients, outputs, { construct: 'Streamed', vertex: 'flights', sequenceNumber });
  await execute(emulator, outputOf(outputs, 'StreamedStopArn'), { mode: 'drain' });
  await listed;
  await expectResults('streamed');
  await expectResults('listed');
  await expectChanges(changes);
  await expectPayments(clients, outputs, 3);
});

it('are removed with their stack, running or not', { timeout: 240_000 }, async () => {
  const before = await resourcesOf(clients);
  expect(before.tables.length).toBeGreaterThan(6);
  await destroy(emulator, APP);
  expect(await resourcesOf(clients)).toEqual({ tables: [], streams: [], functions: [], mappings: [] });
});
