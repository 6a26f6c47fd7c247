/** Two jobs of one stack run at once, one of them over the objects of a bucket until it has finished. */
import { gzipSync } from 'node:zlib';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AwsClients } from './aws-stores.ts';
import { deploy, execute, linesIn, putLines, sweepUntilFinished, untilConsumed } from './deployed-job.ts';
import { type Emulator, startEmulator } from './emulator/emulator.ts';
import { embeddedRun, firstFlights } from './flights.ts';
import { OBJECTS_BUCKET } from './objects-bucket.ts';
import { scaled } from './scale.ts';
import { type Outputs, outputOf } from './stack-outputs.ts';

const FLIGHTS = scaled(5000, 50_000);
const OBJECTS = 4;

let emulator: Emulator;
let clients: AwsClients;
let outputs: Outputs;
let flights: readonly string[];

beforeAll(async () => {
  emulator = await startEmulator();
  clients = new AwsClients(emulator.endpoint);
  flights = await firstFlights(FLIGHTS);
  await putObjects(flights);
  outputs = await deploy(emulator, 'test/e2e/apps/two-jobs.ts');
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

it('both write what the embedded run writes', { timeout: 240_000 }, async () => {
  const listed = sweepUntilFinished(clients, outputs, 'Listed');
  const sequenceNumber = await putLines(clients, outputOf(outputs, 'FlightsStream'), flights);
  await untilConsumed(clients, outputs, { construct: 'Streamed', vertex: 'flights', sequenceNumber });
  await execute(emulator, outputOf(outputs, 'StreamedStopArn'), { mode: 'drain' });
  await listed;
  await expectResults('streamed');
  await expectResults('listed');
});
