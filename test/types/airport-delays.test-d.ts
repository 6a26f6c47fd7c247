import {
  type DataStream,
  defineJob,
  FileSink,
  FileSource,
  hours,
  minutes,
  OutputTag,
  TumblingEventTimeWindows,
  WatermarkStrategy,
} from 'millrace';
import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';

// The job of the guide's first page, as it stands there.
const Flight = z.object({
  date: z.iso.datetime(),
  delay: z.number(),
  origin: z.string(),
  destination: z.string(),
  distance: z.number(),
});
const late = new OutputTag<z.infer<typeof Flight>>('late');

export default defineJob('airport-delays', (env) => {
  const delays = env
    .fromSource(
      FileSource.ndjson('data/flights.ndjson', { schema: Flight }),
      WatermarkStrategy.forBoundedOutOfOrderness(hours(3), { timestamp: (f) => Date.parse(f.date) }),
      'flights',
    )
    .keyBy((f) => f.origin)
    .window(TumblingEventTimeWindows.of(hours(1)))
    .allowedLateness(minutes(30))
    .sideOutputLateData(late)
    .aggregate(
      {
        createAccumulator: () => ({ n: 0, sum: 0 }),
        add: (a, f) => ({ n: a.n + 1, sum: a.sum + f.delay }),
        merge: (a, b) => ({ n: a.n + b.n, sum: a.sum + b.sum }),
        getResult: (a) => a.sum / a.n,
      },
      ({ key, window, value, out }) =>
        out.collect({ origin: key, windowEnd: new Date(window.end), meanDelay: value }),
    )
    .uid('hourly-delay');
  delays.sinkTo(FileSink.ndjson('out/hourly')).uid('hourly');
  delays.getSideOutput(late).sinkTo(FileSink.ndjson('out/late')).uid('late');

  test('the rows that a window function collects give the stream its type', () => {
    expectTypeOf(delays).toExtend<DataStream<{ origin: string; windowEnd: Date; meanDelay: number }>>();
    expectTypeOf(delays.getSideOutput(late)).toEqualTypeOf<DataStream<z.infer<typeof Flight>>>();
  });
});
