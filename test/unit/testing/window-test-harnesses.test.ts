import { describe, expect, it } from 'vitest';
import { CountTrigger } from '../../../lib/api/windows/count-trigger.ts';
import { DeltaEvictor } from '../../../lib/api/windows/delta-evictor.ts';
import { EventTimeSessionWindows } from '../../../lib/api/windows/event-time-session-windows.ts';
import { TumblingEventTimeWindows } from '../../../lib/api/windows/tumbling-event-time-windows.ts';
import { millis, seconds } from '../../../lib/core/duration.ts';
import { OutputTag } from '../../../lib/core/output-tag.ts';
import type { TimeWindow } from '../../../lib/core/window/window.ts';
import { WindowTestHarnesses } from '../../../lib/testing/window-test-harnesses.ts';

interface Sale {
  readonly shop: string;
  readonly amount: number;
}

const assigner = TumblingEventTimeWindows.of(seconds(1));
const keySelector = ({ shop }: Sale) => shop;

describe('a window harness', () => {
  it('reduces_the_elements_of_a_window', async () => {
    const harness = WindowTestHarnesses.forWindow<number, string, TimeWindow, number>({
      keySelector: () => 'all',
      assigner,
      reduce: (a, b) => a + b,
    });
    await harness.open();
    harness.processElement(1, 0);
    harness.processElement(2, 999);
    harness.processWatermark(999);
    expect(harness.output).toEqual([{ value: 3, timestamp: 999 }, { watermark: 999 }]);
  });

  it('aggregates_and_shows_the_window_to_the_window_function', async () => {
    const harness = WindowTestHarnesses.forWindow<Sale, string, TimeWindow, string>({
      keySelector,
      assigner,
      aggregate: {
        createAccumulator: () => ({ sum: 0 }),
        add: (accumulator: { sum: number }, { amount }) => ({ sum: accumulator.sum + amount }),
        getResult: ({ sum }: { sum: number }) => sum,
      },
      window: ({ key, window, value, out }) => void out.collect(`${key} ${window.end} ${value}`),
    });
    await harness.open();
    harness.processElement({ shop: 'a', amount: 2 }, 0);
    harness.processElement({ shop: 'a', amount: 3 }, 1);
    harness.processWatermark(1000);
    expect(harness.records()).toEqual(['a 1000 5']);
  });

  it('sends_late_records_to_the_tag_or_counts_them', async () => {
    const lateTag = new OutputTag<Sale>('late');
    const settings = {
      keySelector,
      assigner,
      allowedLateness: millis(500),
      process: ({ elements, out }: { elements: readonly Sale[]; out: { collect(n: number): unknown } }) =>
        void out.collect(elements.length),
    };
    const tagged = WindowTestHarnesses.forWindow<Sale, string, TimeWindow, number>({ ...settings, lateTag });
    const dropping = WindowTestHarnesses.forWindow<Sale, string, TimeWindow, number>(settings);
    for (const harness of [tagged, dropping]) {
      await harness.open();
      harness.processWatermark(1499);
      harness.processElement({ shop: 'a', amount: 1 }, 10);
    }
    expect(tagged.sideOutput(lateTag)).toEqual([{ value: { shop: 'a', amount: 1 }, timestamp: 10 }]);
    expect(tagged.counter('numLateRecordsDropped')).toBe(0);
    expect(dropping.counter('numLateRecordsDropped')).toBe(1);
  });

  it('takes_a_trigger_and_an_evictor', async () => {
    const harness = WindowTestHarnesses.forWindow<Sale, string, TimeWindow, number>({
      keySelector,
      assigner,
      trigger: CountTrigger.of(3),
      evictor: DeltaEvictor.of<Sale>(10, (old, newest) => newest.amount - old.amount),
      process: ({ elements }) => elements.length,
    });
    await harness.open();
    for (const amount of [1, 12, 13]) harness.processElement({ shop: 'a', amount }, amount);
    expect(harness.records()).toEqual([2]);
  });

  it('refuses_what_a_job_would_refuse', () => {
    const trigger = { ...CountTrigger.of(1), description: 'custom', onElement: () => 'FIRE' as const };
    expect(() =>
      WindowTestHarnesses.forWindow<Sale, string, TimeWindow, number>({
        keySelector,
        assigner: EventTimeSessionWindows.withGap(seconds(1)),
        // A trigger that does not say that it can merge.
        trigger: {
          ...trigger,
          onEventTime: () => 'CONTINUE',
          onProcessingTime: () => 'CONTINUE',
          clear: () => {},
        },
        process: ({ elements }) => elements.length,
      }),
    ).toThrow(/cannot merge/);
  });
});
