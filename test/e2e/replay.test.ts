/** `npm run replay`, as a user runs it. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import { afterAll, expect, it } from 'vitest';
import { AwsClients } from './aws-stores.ts';
import { startEmulator } from './emulator/emulator.ts';
import { firstFlights } from './flights.ts';

const run = promisify(execFile);

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FLIGHTS = 1200;

const emulator = await startEmulator();
const { kinesis } = new AwsClients(emulator.endpoint);
afterAll(() => emulator.stop());

async function replay(...flags: readonly string[]): Promise<string> {
  const words = ['--conditions=millrace-source', 'scripts/replay.ts', ...flags];
  const env = { ...process.env, ...emulator.env };
  return (await run(process.execPath, words, { cwd: ROOT, env })).stdout;
}

async function linesOf(StreamName: string): Promise<readonly string[]> {
  const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName }));
  const ShardId = Shards[0]?.ShardId;
  const begin = new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' });
  let { ShardIterator } = await kinesis.send(begin);
  const lines: string[] = [];
  for (;;) {
    const page = await kinesis.send(new GetRecordsCommand({ ShardIterator, Limit: 1000 }));
    lines.push(...(page.Records ?? []).map(({ Data = [] }) => Buffer.from(Data).toString()));
    if ((page.Records ?? []).length === 0) return lines;
    ShardIterator = page.NextShardIterator;
  }
}

it('sends flights in their order, no more in a second than asked for', { timeout: 60_000 }, async () => {
  await kinesis.send(new CreateStreamCommand({ StreamName: 'replayed', ShardCount: 1 }));
  const flights = await firstFlights(FLIGHTS);
  const started = performance.now();
  const said = await replay('--stream', 'replayed', '--rate', '800', '--limit', String(FLIGHTS));
  expect(performance.now() - started).toBeGreaterThanOrEqual(1000);
  expect(said).toContain(`${FLIGHTS} flights in`);
  expect(await linesOf('replayed')).toEqual(flights);
});

it('says which deployment it misses', { timeout: 60_000 }, async () => {
  await expect(replay('--limit', '1')).rejects.toMatchObject({
    stderr: expect.stringContaining('AirportDelays'),
  });
});
