/**
 * Sessions, timers and three file sinks, fed at a steady rate so that a run lasts long enough to be killed
 * anywhere.
 */
import {
  type Collector,
  DataGeneratorSource,
  defineJob,
  EventTimeSessionWindows,
  FileSink,
  type KeyedProcessContext,
  type KeyedProcessFunction,
  minutes,
  type OnTimerContext,
  type RuntimeContext,
  seconds,
  type ValueState,
  ValueStateDescriptor,
  WatermarkStrategy,
} from 'millrace';

const EVENTS = 24_000;
const EVENTS_PER_SECOND = 6000;
const USERS = 60;
const START_MS = Date.UTC(2024, 0, 1);
const INTERVAL_MS = minutes(10);

interface Event {
  readonly id: number;
  readonly user: string;
  readonly time: number;
  readonly amount: number;
}

interface Interval {
  readonly user: string;
  readonly end: number;
  readonly events: number;
  readonly lastId: number;
}

/** The same event for the same index, up to a minute out of order. */
function eventOf(index: number): Event {
  const mixed = Math.imul(index ^ (index >>> 7), 0x9e37_79b1) >>> 0;
  const late = seconds(mixed % 60);
  return {
    id: index,
    user: `user-${mixed % USERS}`,
    time: START_MS + index * seconds(4) - late,
    amount: mixed % 1000,
  };
}

/** Counts the events of each user and tells at the end of each ten minutes in which there were some. */
class Intervals implements KeyedProcessFunction<string, Event, Interval> {
  #count!: ValueState<{ readonly events: number; readonly lastId: number }>;

  open(context: RuntimeContext): void {
    this.#count = context.getState(new ValueStateDescriptor('count'));
  }

  processElement({ id, time }: Event, { timerService }: KeyedProcessContext<string>): void {
    this.#count.update({ events: (this.#count.value()?.events ?? 0) + 1, lastId: id });
    timerService.registerEventTimeTimer(time - (time % INTERVAL_MS) + INTERVAL_MS);
  }

  onTimer(end: number, { currentKey }: OnTimerContext<string>, out: Collector<Interval>): void {
    const count = this.#count.value();
    if (count !== undefined) out.collect({ user: currentKey, end, ...count });
  }
}

export default defineJob('sessions', (env) => {
  const events = env
    .fromSource(
      new DataGeneratorSource(eventOf, { count: EVENTS, recordsPerSecond: EVENTS_PER_SECOND }),
      WatermarkStrategy.forBoundedOutOfOrderness(minutes(1), {
        timestamp: (event: Event) => event.time,
        emit: 'per-record',
      }),
      'events',
    )
    // One reader keeps the order, on which the content of timers and sessions depends.
    .setParallelism(1);
  const keyed = events.keyBy((event) => event.user);
  keyed
    .window(EventTimeSessionWindows.withGap(minutes(3)))
    .aggregate(
      {
        createAccumulator: () => ({ events: 0, amount: 0 }),
        add: (sum, { amount }) => ({ events: sum.events + 1, amount: sum.amount + amount }),
        merge: (a, b) => ({ events: a.events + b.events, amount: a.amount + b.amount }),
        getResult: (sum) => sum,
      },
      ({ key, window, value, out }) =>
        out.collect({ user: key, start: window.start, end: window.end, ...value }),
    )
    .uid('sessions')
    .keyBy((session) => session.user)
    .sinkTo(
      FileSink.ndjson('out/sessions', {
        bucket: ({ user }) => user.slice(-1),
        rollingPolicy: { maxPartBytes: 4000 },
      }),
    )
    .uid('sessions-out');
  const intervals = keyed.process(new Intervals()).uid('intervals');
  intervals
    .sinkTo(FileSink.csv('out/intervals', { columns: ['user', 'end', 'events', 'lastId'] }))
    .uid('intervals-out');
  intervals
    .sinkTo(
      FileSink.parquet('out/intervals-parquet', {
        columns: [
          { name: 'user', type: 'STRING' },
          { name: 'end', type: 'TIMESTAMP' },
          { name: 'events', type: 'INT32' },
          { name: 'lastId', type: 'INT64' },
        ],
        rollingPolicy: { maxPartBytes: 60_000 },
      }),
    )
    .uid('intervals-parquet-out');
});
