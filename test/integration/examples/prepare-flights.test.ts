import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';

const PREPARE = pathToFileURL(resolve(import.meta.dirname, '../../../examples/01-airport-delays/prepare.ts'));
const TIMEOUT_MS = 120_000;
const folder = mkdtempSync(join(tmpdir(), 'millrace-prepare-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Prepares `file` in a process of its own; the number of flights that it wrote. */
async function prepared(file: string): Promise<number> {
  const script = `const { prepareFlights } = await import(${JSON.stringify(PREPARE.href)});
    console.log(await prepareFlights(${JSON.stringify(file)}));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  return Number(stdout);
}

it(
  'lets processes prepare one file at once, each of them whole',
  async () => {
    const file = join(folder, 'flights.ndjson');
    const written = await Promise.all([prepared(file), prepared(file)]);
    expect(Math.max(...written)).toBe(3_000_000);
    expect(readdirSync(folder)).toEqual(['flights.ndjson']);
    expect(statSync(file).size).toBeGreaterThan(3_000_000 * 90);
  },
  TIMEOUT_MS,
);
