import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareFlights } from '../../examples/01-airport-delays/prepare.ts';
import { AwsClients } from './aws-stores.ts';
import { deploy, execute, linesIn, type Outputs, outputOf, putLines, untilConsumed } from './deployed-job.ts';
import { type Emulator, startEmulator } from './emulator/emulator.ts';
import { scaled } from './scale.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
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

/** What the embedded run writes for the same flights. */
function embedded(flights: readonly string[]): { readonly hourly: string[]; readonly late: string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-embedded-'));
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'data/flights.ndjson'), `${flights.join('\n')}\n`);
  const job = join(ROOT, 'examples/01-airport-delays/job.ts');
  const words = ['--conditions=millrace-source', join(ROOT, 'bin/millrace.js'), 'run', job, '--no-state'];
  execFileSync(process.execPath, [...words, '--parallelism', '2'], { cwd: folder, stdio: 'pipe' });
  const linesOf = (name: string) => {
    const parts = join(folder, 'out/airport-delays', name);
    return readdirSync(parts)
      .flatMap((file) => readFileSync(join(parts, file), 'utf8').split('\n'))
      .filter((line) => line !== '');
  };
  const written = { hourly: linesOf('hourly'), late: linesOf('late') };
  rmSync(folder, { recursive: true });
  return written;
}

describe('the first example, deployed', () => {
  it('writes what the embedded run writes, while checkpoints are taken', { timeout: 180_000 }, async () => {
    const file = join(ROOT, 'data/flights.ndjson');
    await prepareFlights(file);
    const flights = readFileSync(file, 'utf8').split('\n').slice(0, FLIGHTS);
    const stream = outputOf(outputs, 'FlightsStream');
    await putLines(clients, stream, flights.slice(0, FLIGHTS / 2));
    const checkpoint = await execute(emulator, outputOf(outputs, 'JobCheckpointArn'));
    expect(checkpoint).toMatchObject({ kind: 'complete', n: 1 });
    const sequenceNumber = await putLines(clients, stream, flights.slice(FLIGHTS / 2));
    await untilConsumed(clients, outputs, { vertex: 'flights', sequenceNumber });
    const stopped = await execute(emulator, outputOf(outputs, 'JobStopArn'), { mode: 'drain' });
    expect(stopped).toHaveProperty('savepoint');

    const bucket = outputOf(outputs, 'ResultsBucket');
    const expected = embedded(flights);
    expect((await linesIn(clients, bucket, 'hourly/')).toSorted()).toEqual(expected.hourly.toSorted());
    expect((await linesIn(clients, bucket, 'late/')).toSorted()).toEqual(expected.late.toSorted());
  });
});
