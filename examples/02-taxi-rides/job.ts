/**
 * Alerts two hours after a ride started unless its end was reported, by state and an event-time timer per
 * ride.
 */
import {
  type Collector,
  defineJob,
  FileSink,
  hours,
  type KeyedProcessContext,
  type KeyedProcessFunction,
  minutes,
  type OnTimerContext,
  type RuntimeContext,
  type ValueState,
  ValueStateDescriptor,
  WatermarkStrategy,
} from 'millrace';
import { type RideEvent, rideEvents } from './rides.ts';

const RIDES = 10_000;
const LONG = hours(2);

interface LongRideAlert {
  readonly rideId: number;
  readonly driverId: number;
  readonly startedAt: string;
}

class LongRides implements KeyedProcessFunction<number, RideEvent, LongRideAlert> {
  #started!: ValueState<RideEvent>;

  open(context: RuntimeContext): void {
    this.#started = context.getState(new ValueStateDescriptor<RideEvent>('started'));
  }

  processElement(
    event: RideEvent,
    { timerService }: KeyedProcessContext<number>,
    out: Collector<LongRideAlert>,
  ): void {
    if (event.kind === 'start') {
      this.#started.update(event);
      timerService.registerEventTimeTimer(event.time + LONG);
      return;
    }
    const started = this.#started.value();
    if (started === undefined) return;
    timerService.deleteEventTimeTimer(started.time + LONG);
    // The end can come before the watermark has reached the timer.
    if (event.time > started.time + LONG) out.collect(alertOf(started));
    this.#started.clear();
  }

  onTimer(_time: number, _context: OnTimerContext<number>, out: Collector<LongRideAlert>): void {
    const started = this.#started.value();
    if (started !== undefined) out.collect(alertOf(started));
    this.#started.clear();
  }
}

function alertOf({ rideId, driverId, time }: RideEvent): LongRideAlert {
  return { rideId, driverId, startedAt: new Date(time).toISOString() };
}

export default defineJob('taxi-rides', (env) => {
  env
    .fromData(rideEvents(RIDES))
    .uid('rides')
    .assignTimestampsAndWatermarks(
      WatermarkStrategy.forBoundedOutOfOrderness(minutes(1), { timestamp: (event) => event.time }),
    )
    .keyBy((event) => event.rideId)
    .process(new LongRides())
    .uid('long-rides')
    .sinkTo(FileSink.ndjson('out/taxi-rides'))
    .uid('alerts');
});
