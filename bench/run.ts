/**
 * Pipelines (the built package) against raw loops: each run in a process of its own, raw loop and pipeline
 * in turn, CPU time and peak memory of the whole process. Prints a table of medians and their ratio.
 */
import { execFileSync } from 'node:child_process';
import { writeEvents } from './events.ts';

const EVENTS = 2_000_000;
const ROUNDS = 5;
const QUERIES = ['count', 'filter', 'tumbling', 'sliding'];
const FILE = `data/nexmark-${EVENTS}.ndjson`;
const ONE = new URL('./one.ts', import.meta.url).pathname;

interface Measurement {
  readonly answer: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
}

function measure(side: string, query: string): Measurement {
  const output = execFileSync(process.execPath, [ONE, side, query, FILE], {
    encoding: 'utf8',
  });
  return JSON.parse(output);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function compare(query: string): Readonly<Record<string, string | number>> {
  const raw: Measurement[] = [];
  const pipeline: Measurement[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    raw.push(measure('raw', query));
    pipeline.push(measure('pipeline', query));
  }
  if (raw[0]?.answer !== pipeline[0]?.answer) {
    throw new Error(`${query}: the raw loop answers ${raw[0]?.answer}, the pipeline ${pipeline[0]?.answer}.`);
  }
  const rawCpu = median(raw.map((m) => m.cpuSeconds));
  const pipelineCpu = median(pipeline.map((m) => m.cpuSeconds));
  return {
    query,
    'raw loop CPU s': rawCpu.toFixed(2),
    'pipeline CPU s': pipelineCpu.toFixed(2),
    ratio: (pipelineCpu / rawCpu).toFixed(2),
    'raw peak MB': Math.round(median(raw.map((m) => m.peakMb))),
    'pipeline peak MB': Math.round(median(pipeline.map((m) => m.peakMb))),
  };
}

writeEvents(FILE, EVENTS);
const chosen = process.argv.slice(2);
console.table((chosen.length === 0 ? QUERIES : chosen).map(compare));
