import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AwsClients } from './aws-stores.ts';
import { deploy, execute, linesIn, putLines, untilConsumed } from './deployed-job.ts';
import { type Emulator, startEmulator } from './emulator/emulator.ts';
import { embeddedRun, firstFlights } from './flights.ts';
import { consistentCheckpoints, storesOf } from './job-stores.ts';
import { scaled } from './scale.ts';
import { type Outputs, outputOf } from './stack-outputs.ts';

const FLIGHTS = scaled(20_000, 100_000);

let emulator: Emulator;
let clients: AwsClients;
let outputs: Outputs;

beforeAll(async () => {
  emulator = await startEmulator();
  clients = new AwsClients(emulator.endpoint);
  outputs = await deploy(emulator, 'infra/app.ts');
}, 240_000);

afterAll(() => emulator?.stop());

describe('the first example, deployed', () => {
  it('writes what the embedded run writes, while checkpoints are taken', { timeout: 180_000 }, async () => {
    const flights = await firstFlights(FLIGHTS);
    const stream = outputOf(outputs, 'FlightsStream');
    await putLines(clients, stream, flights.slice(0, FLIGHTS / 2));
    const checkpoint = await execute(emulator, outputOf(outputs, 'JobCheckpointArn'));
    expect(checkpoint).toMatchObject({ kind: 'complete', n: 1 });
    const sequenceNumber = await putLines(clients, stream, flights.slice(FLIGHTS / 2));
    await untilConsumed(clients, outputs, { vertex: 'flights', sequenceNumber });
    const stopped = await execute(emulator, outputOf(outputs, 'JobStopArn'), { mode: 'drain' });
    expect(stopped).toHaveProperty('savepoint');
    const cuts = await consistentCheckpoints(await storesOf(clients, outputs, 'Job'));
    expect(cuts.map(({ n }) => n)).toContain(1);

    const bucket = outputOf(outputs, 'ResultsBucket');
    const expected = embeddedRun(flights);
    expect((await linesIn(clients, bucket, 'hourly/')).toSorted()).toEqual(expected.hourly.toSorted());
    expect((await linesIn(clients, bucket, 'late/')).toSorted()).toEqual(expected.late.toSorted());
  });
});
