/** `npm start`: prepares the flights once, runs the job, and shows what came out. */
import { createReadStream, globSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import job from './job.ts';
import { prepareFlights } from './prepare.ts';

const OUTPUT = 'out/airport-delays';
const FLIGHTS = 'data/flights.ndjson';
/** What a run that is killed would go on from. */
const STATE = 'out/.state';
/** Hours with fewer flights are left out of the table: one late flight would fill it. */
const FLIGHTS_MIN = 20;

interface HourlyDelay {
  readonly origin: string;
  readonly windowStart: string;
  readonly flights: number;
  readonly meanDelay: number;
  readonly maxDelay: number;
  readonly over15: number;
}

async function readRows(): Promise<readonly HourlyDelay[]> {
  const rows: HourlyDelay[] = [];
  for (const part of globSync(`${OUTPUT}/hourly/*.ndjson`).toSorted()) {
    for await (const line of createInterface({ input: createReadStream(part) })) rows.push(JSON.parse(line));
  }
  return rows;
}

/** The ten busy hours with the highest mean delay. */
function worstHours(rows: readonly HourlyDelay[]): readonly Readonly<Record<string, string | number>>[] {
  return rows
    .filter(({ flights }) => flights >= FLIGHTS_MIN)
    .toSorted((a, b) => b.meanDelay - a.meanDelay || a.origin.localeCompare(b.origin))
    .slice(0, 10)
    .map(({ origin, windowStart, flights, meanDelay, maxDelay, over15 }) => ({
      origin,
      hour: windowStart.slice(0, 16),
      flights,
      'mean delay': meanDelay.toFixed(1),
      'max delay': maxDelay,
      'over 15 min': over15,
    }));
}

console.log(`Preparing ${FLIGHTS} …`);
const prepared = await prepareFlights(FLIGHTS);
console.log(
  prepared === 0 ? 'It is there already.' : `Wrote ${prepared} flights in the order of their reports.`,
);
rmSync(OUTPUT, { recursive: true, force: true });

console.log('Running the job …');
const deadLetterFile = `${OUTPUT}/dead-letters.ndjson`;
const result = await job.execute({ stateDir: STATE, fresh: true, deadLetterFile });
const rows = await readRows();
const { numRecordsIn, numRecordsInErrors, counters } = result.metrics;
const late = counters['late.numRecordsOut'] ?? 0;
const flights = rows.reduce((sum, row) => sum + row.flights, 0);

console.log(`\nThe result lies in ${OUTPUT}/hourly, late flights in ${OUTPUT}/late.`);
console.log(
  `Ten of its ${rows.length} rows: the hours with the longest mean delay, of ${FLIGHTS_MIN} flights or more.`,
);
console.table(worstHours(rows));
console.log(`records in ${numRecordsIn}, out ${rows.length}, late ${late}, dead ${numRecordsInErrors}`);
console.log(`flights in windows ${flights} + late ${late} = ${flights + late}`);
const rate = Math.round((numRecordsIn / result.durationMs) * 1000);
console.log(`${(result.durationMs / 1000).toFixed(1)} s, ${rate} records/s`);
