/** The first example in versions that are deployed one after the other. */
import {
  defineJob,
  FileSink,
  FileSource,
  hours,
  type JobDefinition,
  type KeyedProcessFunction,
  OutputTag,
  type RuntimeContext,
  TumblingEventTimeWindows,
  type ValueState,
  ValueStateDescriptor,
  WatermarkStrategy,
} from 'millrace';
import { Flight } from '../../../examples/01-airport-delays/flight.ts';

export interface Version {
  /** @default 1 */
  readonly windowHours?: number;
  /** @default 'hourly-delay' */
  readonly windowUid?: string;
  /** Counts the windows of each airport too; `failure` is what that operator throws when it is opened. */
  readonly counts?: { readonly failure?: string };
}

interface Row {
  readonly origin: string;
}

/** Hands rows on and remembers how many there were of each airport. */
class CountedRows implements KeyedProcessFunction<string, Row, Row> {
  readonly #failure: string | undefined;
  #count!: ValueState<number>;

  constructor(failure: string | undefined) {
    this.#failure = failure;
  }

  open(context: RuntimeContext): void {
    if (this.#failure !== undefined) throw new Error(this.#failure);
    this.#count = context.getState(new ValueStateDescriptor<number>('count', 0));
  }

  processElement(row: Row, _: unknown, out: { collect(row: Row): void }): void {
    this.#count.update((this.#count.value() ?? 0) + 1);
    out.collect(row);
  }
}

/** The job `airport-delays` in a version. */
export function delays({ windowHours = 1, windowUid = 'hourly-delay', counts }: Version = {}): JobDefinition {
  return defineJob('airport-delays', (env) => {
    const late = new OutputTag<Flight>('late');
    const hourly = env
      .fromSource(
        FileSource.ndjson('data/flights.ndjson', { schema: Flight }),
        WatermarkStrategy.forBoundedOutOfOrderness(hours(3), {
          timestamp: (f) => Date.parse(f.date),
          emit: 'per-record',
        }),
        'flights',
      )
      .setParallelism(1)
      .keyBy((flight) => flight.origin)
      .window(TumblingEventTimeWindows.of(hours(windowHours)))
      .sideOutputLateData(late)
      .aggregate(
        {
          createAccumulator: () => ({ flights: 0, sum: 0, max: Number.NEGATIVE_INFINITY, over15: 0 }),
          add: (a, { delay }) => ({
            flights: a.flights + 1,
            sum: a.sum + delay,
            max: Math.max(a.max, delay),
            over15: a.over15 + (delay > 15 ? 1 : 0),
          }),
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
      .uid(windowUid);
    hourly.getSideOutput(late).sinkTo(FileSink.ndjson('out/late')).uid('late');
    if (counts === undefined) {
      hourly.sinkTo(FileSink.ndjson('out/hourly')).uid('hourly');
      return;
    }
    hourly
      .keyBy(({ origin }) => origin)
      .process(() => new CountedRows(counts.failure))
      .uid('counted')
      .sinkTo(FileSink.ndjson('out/hourly'))
      .uid('hourly');
  });
}
