/** The state machines of a deployed job, as the emulator runs them and people start them. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AwsClients } from './aws-stores.ts';
import { millrace, millraceJson } from './command-line.ts';
import { deploy, linesIn, putLines, untilConsumed } from './deployed-job.ts';
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
  const feed = async (from: number): Promise<void> => {
    const sequenceNumber = await putLines(clients, stream, flights.slice(from, from + third));
    await untilConsumed(clients, outputs, { vertex: 'flights', sequenceNumber });
  };
  const stores = await storesOf(clients, outputs, 'Job');
  const job = outputOf(outputs, 'JobJobName');

  await feed(0);
  // What the command answers.
  const taken = (await millraceJson(emulator, 'savepoint', job)) as { readonly savepoint: string };
  expect((await consistentCheckpoints(stores)).map(({ n }) => n)).toEqual([1]);
  expect(await millraceJson(emulator, 'checkpoints')).toMatchObject([
    { n: 1, purpose: 'savepoint', status: 'COMPLETE', path: taken.savepoint },
  ]);

  // Under load: what comes meanwhile waits in the stream.
  await putLines(clients, stream, flights.slice(third, 2 * third));
  expect(await millrace(emulator, 'stop', '--stack', 'AirportDelays')).toMatch(/^checkpoint\//);
  expect(await millrace(emulator, 'status')).toMatch(/is SEALED since[\s\S]*hourly-delay +2 /);
  expect(await millrace(emulator, 'restore', job)).toContain('goes on in run');
  await feed(2 * third);

  expect(await millrace(emulator, 'cancel')).toContain('is stopped');
  await expect(millrace(emulator, 'restore', '--from', taken.savepoint)).rejects.toThrow(/would be lost/);
  await millrace(emulator, 'restore');
  expect(await millraceJson(emulator, 'status')).toMatchObject({
    status: 'RUNNING',
    lineage: 3,
    failure: null,
  });
  const cdk = ['--', '--require-approval', 'never', '--output', mkdtempSync(join(tmpdir(), 'millrace-cdk-'))];
  expect(await millrace(emulator, 'rescale', job, '3', ...cdk)).toContain('has parallelism 3');
  expect(await millraceJson(emulator, 'status')).toMatchObject({
    ...{ status: 'RUNNING', lineage: 4 },
    vertices: [
      { id: 'flights', parallelism: 1 },
      { id: 'hourly-delay', parallelism: 3 },
    ],
  });
  await millrace(emulator, 'stop', '--drain');
  expect(await millraceJson(emulator, 'status')).toMatchObject({ status: 'FINISHED' });

  const bucket = outputOf(outputs, 'ResultsBucket');
  const [hourly, late] = [await linesIn(clients, bucket, 'hourly/'), await linesIn(clients, bucket, 'late/')];
  requireSameFlights({ hourly, late }, embeddedRun(flights));
});

it('are found by the command line, which says what there is', { timeout: 60_000 }, async () => {
  const job = outputOf(outputs, 'JobJobName');
  expect(await millrace(emulator, 'list')).toContain(job);
  expect(await millrace(emulator, 'dlq', 'list')).toContain('There are no dead letters.');
  await expect(millrace(emulator, 'status', 'Other')).rejects.toThrow(`there are ${job}`);
  await expect(millrace(emulator, 'status', '--stack', 'None')).rejects.toThrow(/no stack None/);
});
