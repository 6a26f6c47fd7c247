import { spawnSync } from 'node:child_process';
import { createReadStream, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const START = resolve(import.meta.dirname, '../../../examples/01-airport-delays/start.ts');
const HOUR = 3_600_000;
const FLIGHTS = 3_000_000;
const TIMEOUT_MS = 180_000;
const folder = mkdtempSync(join(tmpdir(), 'millrace-flights-'));
let firstRun: ReturnType<typeof start>;

function start() {
  const args = ['--conditions=millrace-source', START];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  return { status, stdout, stderr };
}

function linesOf(output: string): readonly string[] {
  const parts = readdirSync(join(folder, 'out/airport-delays', output)).sort();
  return parts.flatMap((part) =>
    readFileSync(join(folder, 'out/airport-delays', output, part), 'utf8')
      .trimEnd()
      .split('\n'),
  );
}

/** The result by the definition of the job, written without any stream: one pass, plain Maps. */
async function expectedResult(): Promise<{ readonly rows: Set<string>; readonly late: readonly string[] }> {
  const windows = new Map<string, { origin: string; start: number; delays: number[] }>();
  const late: string[] = [];
  let latest = Number.NEGATIVE_INFINITY;
  for await (const line of createInterface({
    input: createReadStream(join(folder, 'data/flights.ndjson')),
  })) {
    const { date, delay, origin } = JSON.parse(line);
    const time = Date.parse(date);
    const windowStart = Math.floor(time / HOUR) * HOUR;
    const watermark = latest - 3 * HOUR - 1;
    if (windowStart + HOUR - 1 <= watermark) late.push(line);
    else {
      const key = `${origin} ${windowStart}`;
      const window = windows.get(key) ?? { origin, start: windowStart, delays: [] as number[] };
      window.delays.push(delay);
      windows.set(key, window);
    }
    latest = Math.max(latest, time);
  }
  const rows = [...windows.values()].map(({ origin, start: windowStart, delays }) =>
    JSON.stringify({
      origin,
      windowStart: new Date(windowStart).toISOString(),
      windowEnd: new Date(windowStart + HOUR).toISOString(),
      flights: delays.length,
      meanDelay: delays.reduce((sum, delay) => sum + delay, 0) / delays.length,
      maxDelay: Math.max(...delays),
      over15: delays.filter((delay) => delay > 15).length,
    }),
  );
  return { rows: new Set(rows), late };
}

beforeAll(() => {
  firstRun = start();
}, TIMEOUT_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('npm start', () => {
  it('shows where the result lies, ten rows, the records and the rate', () => {
    const { status, stdout, stderr } = firstRun;
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toContain(
      'The result lies in out/airport-delays/hourly, late flights in out/airport-delays/late.',
    );
    expect(stdout.match(/^│ \d/gm)).toHaveLength(10);
    expect(stdout).toMatch(/records in 3000000, out \d+, late \d+, dead 0/);
    expect(stdout).toContain('= 3000000');
    expect(stdout).toMatch(/\d+ records\/s/);
  });

  it(
    'computes what a plain loop over all flights computes, and loses none',
    async () => {
      const { rows, late } = await expectedResult();
      const hourly = linesOf('hourly');
      expect(hourly).toHaveLength(rows.size);
      expect(hourly.filter((row) => !rows.has(row))).toEqual([]);
      expect(linesOf('late')).toEqual(late);
      const counted = hourly.reduce((sum, row) => sum + Number(JSON.parse(row).flights), 0);
      expect(counted + late.length).toBe(FLIGHTS);
    },
    TIMEOUT_MS,
  );

  it(
    'clears its own output, gives the same again, and keeps nothing else',
    () => {
      const before = [linesOf('hourly'), linesOf('late')];
      expect(start().status).toBe(0);
      expect([linesOf('hourly'), linesOf('late')]).toEqual(before);
      expect(readdirSync(folder).sort()).toEqual(['data', 'out']);
      expect(readdirSync(join(folder, 'data'))).toEqual(['flights.ndjson']);
      expect(existsSync(join(folder, 'out/airport-delays/dead-letters.ndjson'))).toBe(false);
    },
    TIMEOUT_MS,
  );
});
