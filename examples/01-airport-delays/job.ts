/**
 * Hourly departure delays per airport, from flights in the order in which they were reported.
 *
 * Event time is the scheduled departure. The watermark follows after every record, so that which flights
 * are late depends on the data alone.
 */
import {
  defineJob,
  FileSink,
  FileSource,
  hours,
  OutputTag,
  TumblingEventTimeWindows,
  WatermarkStrategy,
} from 'millrace';
import { Flight } from './flight.ts';

const late = new OutputTag<Flight>('late');

export default defineJob('airport-delays', (env) => {
  const hourly = env
    .fromSource(
      FileSource.ndjson('data/flights.ndjson', { schema: Flight }),
      WatermarkStrategy.forBoundedOutOfOrderness(hours(3), {
        timestamp: (f) => Date.parse(f.date),
        emit: 'per-record',
      }),
      'flights',
    )
    // One reader keeps the order of arrival.
    .setParallelism(1)
    .keyBy((flight) => flight.origin)
    .window(TumblingEventTimeWindows.of(hours(1)))
    .sideOutputLateData(late)
    .aggregate(
      {
        createAccumulator: () => ({ flights: 0, sum: 0, max: Number.NEGATIVE_INFINITY, over15: 0 }),
        add: (a, { delay }) => {
          a.flights += 1;
          a.sum += delay;
          if (delay > a.max) a.max = delay;
          if (delay > 15) a.over15 += 1;
          return a;
        },
        merge: (a, b) => ({
          flights: a.flights + b.flights,
          sum: a.sum + b.sum,
          max: Math.max(a.max, b.max),
          over15: a.over15 + b.over15,
        }),
        getResult: (a) => a,
      },
      ({ key, window, value, out }) =>
        out.collect({
          origin: key,
          windowStart: new Date(window.start).toISOString(),
          windowEnd: new Date(window.end).toISOString(),
          flights: value.flights,
          meanDelay: value.sum / value.flights,
          maxDelay: value.max,
          over15: value.over15,
        }),
    )
    .uid('hourly-delay');
  hourly.sinkTo(FileSink.ndjson('out/airport-delays/hourly')).uid('hourly');
  hourly.getSideOutput(late).sinkTo(FileSink.ndjson('out/airport-delays/late')).uid('late');
});
