import { expectTypeOf, test } from 'vitest';
import { WatermarkStrategy } from '../../lib/api/watermark-strategy.ts';
import { CountTrigger } from '../../lib/api/windows/count-trigger.ts';
import { DeltaEvictor } from '../../lib/api/windows/delta-evictor.ts';
import { DeltaTrigger } from '../../lib/api/windows/delta-trigger.ts';
import { EventTimeSessionWindows } from '../../lib/api/windows/event-time-session-windows.ts';
import { GlobalWindows } from '../../lib/api/windows/global-windows.ts';
import { PurgingTrigger } from '../../lib/api/windows/purging-trigger.ts';
import { TumblingEventTimeWindows } from '../../lib/api/windows/tumbling-event-time-windows.ts';
import type { Source } from '../../lib/core/connector.ts';
import { hours, minutes } from '../../lib/core/duration.ts';
import type { WatermarkStrategySpec } from '../../lib/core/watermark.ts';
import type { Evictor } from '../../lib/core/window/evictor.ts';
import type { Trigger } from '../../lib/core/window/trigger.ts';
import type { GlobalWindow, TimeWindow, Window } from '../../lib/core/window/window.ts';
import type { WindowAssigner } from '../../lib/core/window/window-assigner.ts';

interface Flight {
  readonly date: string;
  readonly delay: number;
}

declare const flights: Source<Flight>;
declare function fromSource<F>(source: Source<F>, watermarks: WatermarkStrategySpec<F>, name: string): F;
declare function window<W extends Window>(assigner: WindowAssigner<Flight, W>): W;
declare function trigger(trigger: Trigger<Flight, GlobalWindow>): void;
declare function evictor(evictor: Evictor<Flight, TimeWindow>): void;

test('a strategy in place infers the record from the source', () => {
  const record = fromSource(
    flights,
    WatermarkStrategy.forBoundedOutOfOrderness(hours(3), {
      timestamp: (flight) => {
        expectTypeOf(flight).toEqualTypeOf<Flight>();
        return Date.parse(flight.date);
      },
    }),
    'flights',
  );
  expectTypeOf(record).toEqualTypeOf<Flight>();
  fromSource(flights, WatermarkStrategy.forMonotonousTimestamps({ timestamp: (f) => f.delay }), 'flights');
  fromSource(flights, WatermarkStrategy.noWatermarks(), 'flights');
});

test('a bare number is no duration', () => {
  // @ts-expect-error its unit is unknown
  WatermarkStrategy.forBoundedOutOfOrderness(3000);
  // @ts-expect-error its unit is unknown
  TumblingEventTimeWindows.of(3000);
});

test('windows infer the record from the stream', () => {
  expectTypeOf(window(TumblingEventTimeWindows.of(hours(1)))).toEqualTypeOf<TimeWindow>();
  expectTypeOf(window(GlobalWindows.create())).toEqualTypeOf<GlobalWindow>();
  const sessions = EventTimeSessionWindows.withDynamicGap((flight) => {
    expectTypeOf(flight).toBeUnknown();
    return minutes(1);
  });
  expectTypeOf(window(sessions)).toEqualTypeOf<TimeWindow>();
  expectTypeOf(
    window(EventTimeSessionWindows.withDynamicGap((f) => minutes(f.delay))),
  ).toEqualTypeOf<TimeWindow>();
});

test('triggers and evictors infer the record from the stream', () => {
  trigger(PurgingTrigger.of(CountTrigger.of(4)));
  trigger(DeltaTrigger.of(5, (a, b) => b.delay - a.delay));
  evictor(DeltaEvictor.of(5, (a, b) => b.delay - a.delay));
});
