/** A job is deployed again and again while records come, and loses and repeats nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AwsClients } from './aws-stores.ts';
import { deploy, destroy, execute, linesIn, putLines, resourcesOf, untilConsumed } from './deployed-job.ts';
import { type Emulator, startEmulator } from './emulator/emulator.ts';
import { requireSameFlights } from './flight-oracle.ts';
import { embeddedRun, firstFlights } from './flights.ts';
import { storesOf } from './job-stores.ts';
import { FULL } from './scale.ts';
import { type Outputs, outputOf } from './stack-outputs.ts';

const APP = 'test/e2e/apps/upgraded-job.ts';
const EXAMPLE = 'examples/01-airport-delays/job.ts';
const FLIGHTS = 60_000;
const BATCH = 40;
const BATCH_MS = 100;

let emulator: Emulator;
let clients: AwsClients;

beforeAll(async () => {
  emulator = await startEmulator();
  clients = new AwsClients(emulator.endpoint);
}, 60_000);

afterAll(() => emulator?.stop());

interface Deployment {
  readonly entry: string;
  readonly parallelism: number;
  readonly allowNonRestoredState?: boolean;
}

function deployed({ entry, parallelism, allowNonRestoredState = false }: Deployment): Promise<Outputs> {
  return deploy(emulator, APP, {
    ENTRY: entry,
    PARALLELISM: String(parallelism),
    ...(allowNonRestoredState ? { ALLOW_NON_RESTORED_STATE: '1' } : {}),
  });
}

/** Puts flights into a stream, some each moment, until it is told to end. */
class Producer {
  readonly #stream: string;
  readonly #flights: readonly string[];
  readonly #done: Promise<void>;
  #sent = 0;
  #ended = false;
  #last = '';

  constructor(stream: string, flights: readonly string[]) {
    this.#stream = stream;
    this.#flights = flights;
    this.#done = this.#run();
  }

  /** What was sent, and the number of the last record. */
  async end(): Promise<{ readonly sent: readonly string[]; readonly sequenceNumber: string }> {
    this.#ended = true;
    await this.#done;
    return { sent: this.#flights.slice(0, this.#sent), sequenceNumber: this.#last };
  }

  async #run(): Promise<void> {
    while (!this.#ended && this.#sent < this.#flights.length) {
      const batch = this.#flights.slice(this.#sent, this.#sent + BATCH);
      this.#last = await putLines(clients, this.#stream, batch);
      this.#sent += batch.length;
      await sleep(BATCH_MS);
    }
  }
}

it('goes on under load in other versions, past broken ones, and leaves its stores when it is removed', {
  timeout: 420_000,
}, async () => {
  const flights = await firstFlights(FLIGHTS);
  let outputs = await deployed({ entry: EXAMPLE, parallelism: 2 });
  const stream = outputOf(outputs, 'FlightsStream');
  const producer = new Producer(stream, flights);
  const stores = await storesOf(clients, outputs, 'Job');
  const upgrade = async (deployment: Deployment): Promise<void> => {
    const before = await stores.currentRun();
    outputs = await deployed(deployment);
    const after = await stores.currentRun();
    expect(after).toMatchObject({ lineage: before.lineage + 1, status: 'RUNNING' });
    const pause = outputOf(outputs, 'JobLastPause');
    console.log(`${deployment.entry} x${deployment.parallelism}: pause ${pause}`);
    expect(pause).toMatch(/^\d+\.\d s$/);
  };
  const refused = async (deployment: Deployment, reason: RegExp): Promise<void> => {
    await expect(deployed(deployment)).rejects.toThrow(reason);
    expect(await stores.currentRun()).toMatchObject({ status: 'RUNNING' });
  };

  await upgrade({ entry: EXAMPLE, parallelism: 3 });
  const { id: working } = await stores.currentRun();
  const code = { entry: 'test/e2e/jobs/delays-broken-code.ts', parallelism: 2 };
  await refused(code, /This version does not load/);
  expect((await stores.currentRun()).id).toBe(working);
  await refused({ entry: 'test/e2e/jobs/delays-broken-open.ts', parallelism: 2 }, /does not open/);
  await upgrade({ entry: 'test/e2e/jobs/delays-counted.ts', parallelism: 1 });
  if (FULL) {
    await upgrade({ entry: 'test/e2e/jobs/delays-counted-again.ts', parallelism: 1 });
    await refused({ entry: 'test/e2e/jobs/delays-two-hours.ts', parallelism: 1 }, /holds the slice/);
  }
  const otherWindows = { entry: 'test/e2e/jobs/delays-other-windows.ts', parallelism: 1 };
  const { id: before } = await stores.currentRun();
  await refused(otherWindows, /hourly-delay/);
  expect((await stores.currentRun()).id).toBe(before);

  const { sent, sequenceNumber } = await producer.end();
  await untilConsumed(clients, outputs, { vertex: 'flights', sequenceNumber });
  const bucket = outputOf(outputs, 'ResultsBucket');
  await execute(emulator, outputOf(outputs, 'JobStopArn'), { mode: 'drain' });
  const [hourly, late] = [await linesIn(clients, bucket, 'hourly/'), await linesIn(clients, bucket, 'late/')];
  requireSameFlights({ hourly, late }, embeddedRun(sent));

  if (FULL) {
    const { lineage } = await stores.currentRun();
    await deployed({ ...otherWindows, allowNonRestoredState: true });
    expect((await stores.currentRun()).lineage).toBe(lineage + 1);
  }
  const { tables } = await resourcesOf(clients);
  await destroy(emulator, APP, { ENTRY: EXAMPLE, PARALLELISM: '2' });
  const left = await resourcesOf(clients);
  expect(left).toMatchObject({ functions: [], mappings: [] });
  expect(left.tables).toEqual(tables);
  expect((await stores.currentRun()).status).toMatch(/FINISHED|SEALED/);
});
