/**
 * What exactly once costs: the flights job with and without a state directory in turn, then a million keys of
 * state: commits, recovery and room on the disk. Each run is a process of its own.
 */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { prepareFlights } from '../examples/01-airport-delays/prepare.ts';

const ROUNDS = 7;
const RECOVERIES = 5;
const STATE = 'out/bench-accounts';

interface FlightsRun {
  readonly answer: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
}

interface Recovery {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
}

interface Commits {
  readonly durationsMs: readonly number[];
  readonly baseStopMs: readonly number[];
  readonly encodedBytes: number;
  readonly bytesAfterBase: number;
  readonly bytesMax: number;
}

/** Runs a script of this folder; what it prints: the type is that of the script. */
function run<T>(script: string, ...words: readonly string[]): T {
  const path = new URL(script, import.meta.url).pathname;
  const options = ['--conditions=millrace-source', path, ...words];
  return JSON.parse(execFileSync(process.execPath, options, { encoding: 'utf8' })) as T;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function compareFlights(): void {
  const plain: FlightsRun[] = [];
  const durable: FlightsRun[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    plain.push(run('flights.ts', 'plain'));
    durable.push(run('flights.ts', 'durable'));
  }
  if (new Set([...plain, ...durable].map(({ answer }) => answer)).size !== 1) {
    throw new Error('The durable run and the plain one do not give the same number of rows.');
  }
  const cpu = (runs: readonly FlightsRun[]) => median(runs.map(({ cpuSeconds }) => cpuSeconds));
  const peak = (runs: readonly FlightsRun[]) => Math.round(median(runs.map(({ peakMb }) => peakMb)));
  console.table([
    {
      'plain CPU s': cpu(plain).toFixed(2),
      'durable CPU s': cpu(durable).toFixed(2),
      ratio: (cpu(durable) / cpu(plain)).toFixed(3),
      'plain peak MB': peak(plain),
      'durable peak MB': peak(durable),
    },
  ]);
}

function measureState(): void {
  rmSync(STATE, { recursive: true, force: true });
  run('keyed-state.ts', 'fill', STATE);
  const recoveries = Array.from({ length: RECOVERIES }, () =>
    run<Recovery>('keyed-state.ts', 'recover', STATE),
  );
  const commits = run<Commits>('keyed-state.ts', 'commit', STATE);
  const sorted = commits.durationsMs.toSorted((a, b) => a - b);
  console.table({
    'recovery of 1,000,000 keys, s': median(recoveries.map(({ seconds }) => seconds)).toFixed(2),
    'recovery, CPU s of the process': median(recoveries.map(({ cpuSeconds }) => cpuSeconds)).toFixed(2),
    'recovery, peak MB': Math.round(median(recoveries.map(({ peakMb }) => peakMb))),
    'commit of 10,000 changed keys, median ms': median(sorted).toFixed(1),
    'commit of 10,000 changed keys, 90 % ms': (sorted[Math.floor(sorted.length * 0.9)] ?? 0).toFixed(1),
    'commit that writes a base of 1,000,000 keys, ms': median(commits.baseStopMs).toFixed(0),
    'encoded state, MB': (commits.encodedBytes / 1e6).toFixed(1),
    'disk after a base / encoded': (commits.bytesAfterBase / commits.encodedBytes).toFixed(2),
    'disk at most / encoded': (commits.bytesMax / commits.encodedBytes).toFixed(2),
  });
  rmSync(STATE, { recursive: true, force: true });
}

await prepareFlights('data/flights.ndjson');
compareFlights();
measureState();
