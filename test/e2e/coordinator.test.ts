/** The state machines of a deployed job, as the emulator runs them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AwsClients } from './aws-stores.ts';
import { deploy, execute, linesIn, putLines, untilConsumed } from './deployed-job.ts';
import { type Emulator, startEmulator } from './emulator/emulator.ts';
import { requireSameFlights } from './flight-oracle.ts';
import { embeddedRun, firstFlights } from './flights.ts';
import { consistentCheckpoints, storesOf } from './job-stores.ts';
import { scaled } from './scale.ts';
import { type Outputs, outputOf } from './stack-outputs.ts';

const FLIGHTS = scaled(6000, 60_000);

let emulator: Emulator;
let clients: AwsClients;
let outputs: Outputs;

beforeAll(async () => {
  emulator = await startEmulator();
  clients = new AwsClients(emulator.endpoint);
  outputs = await deploy(emulator, 'infra/app.ts');
}, 240_000);

afterAll(() => emulator?.stop());

it('keep a savepoint, stop and restore a job, which loses and repeats nothing', {
  timeout: 180_000,
}, async () => {
  const flights = await firstFlights(FLIGHTS);
  const third = FLIGHTS / 3;
  const stream = outputOf(outputs, 'FlightsStream');
  const machine = (name: string, input = {}) => execute(emulator, outputOf(outputs, `Job${name}Arn`), input);
  const feed = async (from: number): Promise<void> => {
    const sequenceNumber = await putLines(clients, stream, flights.slice(from, from + third));
    await untilConsumed(clients, outputs, { vertex: 'flights', sequenceNumber });
  };
  const stores = await storesOf(clients, outputs, 'Job');

  await feed(0);
  const savepoint = await machine('Savepoint');
  expect(savepoint).toMatchObject({ kind: 'complete', n: 1 });
  expect((await consistentCheckpoints(stores)).map(({ n }) => n)).toEqual([1]);

  // Under load: what comes meanwhile waits in the stream.
  await putLines(clients, stream, flights.slice(third, 2 * third));
  const stopped = await machine('Stop', { mode: 'savepoint' });
  expect(stopped).toHaveProperty('savepoint');
  expect((await stores.currentRun()).status).toBe('SEALED');
  const restored = await machine('Restore');
  expect(restored).toMatchObject({ status: 'RUNNING' });
  await feed(2 * third);

  await machine('Stop', { mode: 'plain' });
  await expect(machine('Restore', { from: savepoint.manifest })).rejects.toThrow(/would be lost/);
  const last = await machine('Restore');
  expect(last).toMatchObject({ status: 'RUNNING' });
  expect((await stores.currentRun()).lineage).toBe(3);
  await machine('Stop', { mode: 'drain' });

  const bucket = outputOf(outputs, 'ResultsBucket');
  const [hourly, late] = [await linesIn(clients, bucket, 'hourly/'), await linesIn(clients, bucket, 'late/')];
  requireSameFlights({ hourly, late }, embeddedRun(flights));
});
