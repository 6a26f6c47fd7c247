/**
 * `npm run replay -- --rate R`: sends the flights of the first example into the stream of its deployment, or
 * into another one (`--stream NAME`), in the order in which they were reported.
 *
 * One call is under way at a time, all records have one partition key, and what a call refused is sent again
 * before anything that follows it: the order of a shard is the order of the file.
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { prepareFlights } from '../examples/01-airport-delays/prepare.ts';
import { readFlags, wholeNumber } from './flags.ts';
import { FlightStream } from './replay-stream.ts';

const FLIGHTS = 'data/flights.ndjson';
const BATCH_RECORDS_MAX = 500;
const REPORT_INTERVAL_MS = 5000;

const {
  stream,
  rate: rateText,
  limit: limitText,
} = readFlags({
  stream: { type: 'string' },
  rate: { type: 'string', default: '500' },
  limit: { type: 'string' },
});
const rate = wholeNumber('rate', rateText);
const limit = limitText === undefined ? Number.POSITIVE_INFINITY : wholeNumber('limit', limitText);

await prepareFlights(FLIGHTS);
const target = await FlightStream.open(stream);
console.log(`Sending ${FLIGHTS} to ${target.name}, ${rate} flights a second …`);

const batchMax = Math.min(BATCH_RECORDS_MAX, rate);
const startedAt = performance.now();
let reportedAt = startedAt;
let sent = 0;
let batch: string[] = [];

async function flush(): Promise<void> {
  if (batch.length === 0) return;
  await target.send(batch);
  sent += batch.length;
  batch = [];
  const now = performance.now();
  if (now - reportedAt >= REPORT_INTERVAL_MS) {
    console.log(`${sent} flights`);
    reportedAt = now;
  }
  const earlyMs = (sent / rate) * 1000 - (now - startedAt);
  if (earlyMs > 0) await sleep(earlyMs);
}

for await (const line of createInterface({ input: createReadStream(FLIGHTS) })) {
  if (sent + batch.length >= limit) break;
  batch.push(line);
  if (batch.length >= batchMax) await flush();
}
await flush();
console.log(`${sent} flights in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`);
