/** The flights of the first example, and what its embedded run makes of them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepareFlights } from '../../examples/01-airport-delays/prepare.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Rows in no certain order. */
export interface Delays {
  readonly hourly: readonly string[];
  readonly late: readonly string[];
}

/** The first flights, as lines, in the order in which they were reported. */
export async function firstFlights(count: number): Promise<readonly string[]> {
  const file = join(ROOT, 'data/flights.ndjson');
  await prepareFlights(file);
  return readFileSync(file, 'utf8').split('\n').slice(0, count);
}

/** What the embedded run writes for these flights. */
export function embeddedRun(flights: readonly string[]): Delays {
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
