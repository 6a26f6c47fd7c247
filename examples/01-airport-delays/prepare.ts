/**
 * Writes the flights of the npm package vega-datasets once, as NDJSON in the order in which they were
 * reported.
 */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

const WRITE_CHARS = 1 << 20;
const MINUTE_MS = 60_000;

interface FlightColumns {
  readonly count: number;
  /** Scheduled departure in ms since the epoch. */
  readonly date: Float64Array;
  readonly delay: Int32Array;
  readonly distance: Int32Array;
  readonly origin: Uint16Array;
  readonly destination: Uint16Array;
  /** Airport codes; origin and destination are indexes into it. */
  readonly airports: readonly string[];
}

/**
 * Writes `target` unless it exists, whole or not at all; the number of flights written, 0 if it was there.
 * Processes may prepare one target at once: each writes a partial file of its own, with the same content.
 */
export async function prepareFlights(target: string): Promise<number> {
  if (existsSync(target)) return 0;
  const flights = await readColumns(flightsFile());
  mkdirSync(dirname(target), { recursive: true });
  const partial = `${target}.${randomUUID()}.inprogress`;
  try {
    writeFlights(partial, flights, arrivalOrder(flights));
    renameSync(partial, target);
  } finally {
    rmSync(partial, { force: true });
  }
  return flights.count;
}

function flightsFile(): string {
  // The package exports only its entry, build/index.js; its data lies beside that folder.
  const entry = fileURLToPath(import.meta.resolve('vega-datasets'));
  return join(dirname(entry), '..', 'data', 'flights-3m.parquet');
}

/** Row group by row group and column by column: only typed arrays outlive a column. */
async function readColumns(path: string): Promise<FlightColumns> {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const count = Number(metadata.num_rows);
  const airports = new Map<string, number>();
  const flights = {
    date: new Float64Array(count),
    delay: new Int32Array(count),
    distance: new Int32Array(count),
    origin: new Uint16Array(count),
    destination: new Uint16Array(count),
  };
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    for (const column of ['date', 'delay', 'distance', 'origin', 'destination'] as const) {
      const values = flights[column];
      await parquetRead({
        file,
        metadata,
        compressors,
        columns: [column],
        rowStart,
        rowEnd,
        onComplete: (rows) => {
          for (let i = 0; i < rows.length; i++) values[rowStart + i] = numberOf(rows[i]?.[0], airports);
        },
      });
    }
    rowStart = rowEnd;
  }
  return { ...flights, count, airports: [...airports.keys()] };
}

/** A cell as a number: a Date in ms, an airport as its index. */
function numberOf(cell: unknown, airports: Map<string, number>): number {
  if (cell instanceof Date) return cell.getTime();
  if (typeof cell !== 'string') return Number(cell);
  let index = airports.get(cell);
  if (index === undefined) {
    index = airports.size;
    airports.set(cell, index);
  }
  return index;
}

/** Indexes of the flights by the time of their report, scheduled departure plus delay; ties in file order. */
function arrivalOrder({ count, date, delay }: FlightColumns): Uint32Array {
  const arrival = new Float64Array(count);
  for (let i = 0; i < count; i++) arrival[i] = (date[i] ?? 0) + (delay[i] ?? 0) * MINUTE_MS;
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  return order.sort((a, b) => (arrival[a] ?? 0) - (arrival[b] ?? 0) || a - b);
}

function writeFlights(path: string, flights: FlightColumns, order: Uint32Array): void {
  const descriptor = openSync(path, 'w');
  try {
    let text = '';
    for (const i of order) {
      text += lineOf(flights, i);
      if (text.length >= WRITE_CHARS) {
        writeSync(descriptor, text);
        text = '';
      }
    }
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function lineOf({ date, delay, distance, origin, destination, airports }: FlightColumns, i: number): string {
  const flight = {
    date: new Date(date[i] ?? 0).toISOString(),
    delay: delay[i],
    distance: distance[i],
    origin: airports[origin[i] ?? 0],
    destination: airports[destination[i] ?? 0],
  };
  return `${JSON.stringify(flight)}\n`;
}
