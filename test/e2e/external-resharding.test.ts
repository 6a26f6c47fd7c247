/** The stream that a deployed job reads is split and merged under load. */
import { DescribeStreamSummaryCommand, MergeShardsCommand, SplitShardCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AwsClients } from './aws-stores.ts';
import { deploy, execute, linesIn, putLines, untilConsumed } from './deployed-job.ts';
import { type Emulator, startEmulator } from './emulator/emulator.ts';
import { embeddedRun, firstFlights } from './flights.ts';
import { scaled } from './scale.ts';
import { type Outputs, outputOf } from './stack-outputs.ts';
import { until } from './until.ts';

const FLIGHTS = scaled(6000, 60_000);
const [FIRST, SECOND, THIRD] = ['shardId-000000000000', 'shardId-000000000001', 'shardId-000000000002'];
const RESHARD_MS_MAX = 30_000;

let emulator: Emulator;
let clients: AwsClients;
let outputs: Outputs;

beforeAll(async () => {
  emulator = await startEmulator();
  clients = new AwsClients(emulator.endpoint);
  outputs = await deploy(emulator, 'infra/app.ts');
}, 240_000);

afterAll(() => emulator?.stop());

async function untilOpen(StreamName: string, shards: number): Promise<void> {
  const command = new DescribeStreamSummaryCommand({ StreamName });
  await until({
    what: `${StreamName} has ${shards} open shards`,
    msMax: RESHARD_MS_MAX,
    look: async () => {
      const { StreamDescriptionSummary: summary } = await clients.kinesis.send(command);
      return summary?.OpenShardCount === shards && summary.StreamStatus === 'ACTIVE' ? true : undefined;
    },
  });
}

/** Flights of which none is late in the order of the file: which are is told by the order of one shard. */
async function punctualFlights(): Promise<readonly string[]> {
  const flights = await firstFlights(FLIGHTS);
  const late = new Set(embeddedRun(flights).late);
  return flights.filter((line) => !late.has(line));
}

it('I7: reads every record of a stream that is split and merged exactly once', {
  timeout: 240_000,
}, async () => {
  const flights = await punctualFlights();
  const stream = outputOf(outputs, 'FlightsStream');
  const part = (i: number) => flights.slice((i * flights.length) / 4, ((i + 1) * flights.length) / 4);
  const byAirport = (line: string) => JSON.parse(line).origin;
  await putLines(clients, stream, part(0), byAirport);
  const NewStartingHashKey = String(1n << 127n);
  const split = { StreamName: stream, ShardToSplit: FIRST, NewStartingHashKey };
  await clients.kinesis.send(new SplitShardCommand(split));
  await untilOpen(stream, 2);
  await putLines(clients, stream, part(1), byAirport);
  const checkpoint = await execute(emulator, outputOf(outputs, 'JobCheckpointArn'));
  expect(checkpoint).toMatchObject({ kind: 'complete' });
  await putLines(clients, stream, part(2), byAirport);
  const merge = { StreamName: stream, ShardToMerge: SECOND, AdjacentShardToMerge: THIRD };
  await clients.kinesis.send(new MergeShardsCommand(merge));
  await untilOpen(stream, 1);
  const sequenceNumber = await putLines(clients, stream, part(3), byAirport);
  await untilConsumed(clients, outputs, { vertex: 'flights', sequenceNumber });
  await execute(emulator, outputOf(outputs, 'JobStopArn'), { mode: 'drain' });

  const bucket = outputOf(outputs, 'ResultsBucket');
  expect(await linesIn(clients, bucket, 'late/')).toEqual([]);
  const expected = embeddedRun(flights).hourly.toSorted();
  expect((await linesIn(clients, bucket, 'hourly/')).toSorted()).toEqual(expected);
});
