/** The jobs that are killed, each with its input. */
import { closeSync, mkdirSync, openSync, symlinkSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { prepareFlights } from '../../examples/01-airport-delays/prepare.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** A job with what it needs to run in a folder of its own. */
export interface CrashJob {
  readonly name: string;
  /** Module of the job. */
  readonly path: string;
  readonly parallelism: number;
  readonly stateBackend: 'heap' | 'table';
  /** About how long a run takes that is not killed; kills come within that time. Unit: ms. */
  readonly durationMs: number;
  /** Puts the input into the folder in which the job will run. */
  prepare(folder: string): Promise<void>;
}

const FLIGHTS = 400_000;

/** Flights in the order of their reports, like those of the example, but few and made up. */
const fewFlights: CrashJob = {
  name: 'flights',
  path: join(ROOT, 'examples/01-airport-delays/job.ts'),
  parallelism: 2,
  stateBackend: 'heap',
  durationMs: 2200,
  async prepare(folder) {
    mkdirSync(join(folder, 'data'), { recursive: true });
    const file = openSync(join(folder, 'data/flights.ndjson'), 'w');
    try {
      for (let from = 0; from < FLIGHTS; from += 1000) {
        const lines = Array.from({ length: 1000 }, (_, i) => JSON.stringify(flightOf(from + i)));
        writeSync(file, `${lines.join('\n')}\n`);
      }
    } finally {
      closeSync(file);
    }
  },
};

function flightOf(index: number) {
  const mixed = Math.imul(index ^ (index >>> 9), 0x85eb_ca6b) >>> 0;
  // A few are reported so late that their hour is over.
  const delay = mixed % 97 === 0 ? 300 + (mixed % 200) : (mixed % 60) - 15;
  const reported = Date.UTC(2001, 0, 1) + index * 20_000;
  return {
    date: new Date(reported - delay * 60_000).toISOString(),
    delay,
    distance: mixed % 2500,
    origin: `A${mixed % 120}`,
    destination: `B${(mixed >>> 8) % 120}`,
  };
}

/** All flights of the example. */
const allFlights: CrashJob = {
  ...fewFlights,
  durationMs: 20_000,
  async prepare(folder) {
    const flights = join(ROOT, 'data/flights.ndjson');
    await prepareFlights(flights);
    mkdirSync(join(folder, 'data'), { recursive: true });
    symlinkSync(flights, join(folder, 'data/flights.ndjson'));
  },
};

const sessions: CrashJob = {
  name: 'sessions',
  path: join(import.meta.dirname, 'jobs/sessions.ts'),
  parallelism: 2,
  stateBackend: 'heap',
  durationMs: 5000,
  async prepare() {},
};

/** The same with its state in a table. */
const sessionsInTable: CrashJob = { ...sessions, name: 'sessions-table', stateBackend: 'table' };

/** `full`: with all flights of the example instead of a few. */
export function crashJobs(full: boolean): readonly CrashJob[] {
  return [full ? allFlights : fewFlights, sessions, sessionsInTable];
}
