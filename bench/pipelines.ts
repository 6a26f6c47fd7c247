/** The queries as Millrace jobs. */
import {
  type AggregateFunction,
  type DataStream,
  FileSource,
  millis,
  type Sink,
  SlidingEventTimeWindows,
  StreamExecutionEnvironment,
  seconds,
  TumblingEventTimeWindows,
  WatermarkStrategy,
} from 'millrace';
import type { Bid, NexmarkEvent } from './events.ts';

const counting: AggregateFunction<unknown, { n: number }, number> = {
  createAccumulator: () => ({ n: 0 }),
  add: (a) => {
    a.n += 1;
    return a;
  },
  merge: (a, b) => {
    a.n += b.n;
    return a;
  },
  getResult: (a) => a.n,
};

/** Sums what it takes, so that the answer can be compared and no output costs time. */
class SumSink implements Sink<number> {
  readonly connector = 'sum';
  readonly description = 'sum';
  sum = 0;

  async load() {
    return {
      createWriter: async () => ({
        write: (value: number) => {
          this.sum += value;
        },
        pendingBytes: () => 0,
        flush: async () => {},
        prepareCommit: async () => [],
        close: async () => {},
      }),
    };
  }
}

/** Runs one query over the file; the answer of the query. */
export async function runPipeline(query: string, path: string): Promise<number> {
  const env = StreamExecutionEnvironment.create();
  const events = env.fromSource(
    FileSource.ndjson<NexmarkEvent>(path),
    WatermarkStrategy.forBoundedOutOfOrderness<NexmarkEvent>(millis(0), {
      timestamp: (event) => event.dateTime,
    }),
    'events',
  );
  const sink = new SumSink();
  resultOf(query, events).sinkTo(sink).uid('sum');
  await env.execute(`bench-${query}`, { overwrite: true });
  return sink.sum;
}

function resultOf(query: string, events: DataStream<NexmarkEvent>): DataStream<number> {
  switch (query) {
    case 'count':
      return events.map(() => 1);
    case 'filter':
      return events.filter((event) => event.type === 'bid' && event.auction % 123 === 0).map(() => 1);
    case 'tumbling':
      return bidsPerAuction(events)
        .window(TumblingEventTimeWindows.of(seconds(10)))
        .aggregate(counting)
        .uid('count');
    case 'sliding':
      return bidsPerAuction(events)
        .window(SlidingEventTimeWindows.of(seconds(10), seconds(2)))
        .aggregate(counting)
        .uid('count');
    default:
      throw new Error(`There is no query '${query}'.`);
  }
}

function bidsPerAuction(events: DataStream<NexmarkEvent>) {
  return events.filter((event): event is Bid => event.type === 'bid').keyBy((bid) => bid.auction);
}
