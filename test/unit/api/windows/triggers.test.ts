import { describe, expect, it } from 'vitest';
import { ContinuousEventTimeTrigger } from '../../../../lib/api/windows/continuous-event-time-trigger.ts';
// biome-ignore format: the formatter does not break an import of one name, whose line is too long
import {
  ContinuousProcessingTimeTrigger,
} from '../../../../lib/api/windows/continuous-processing-time-trigger.ts';
import { CountTrigger } from '../../../../lib/api/windows/count-trigger.ts';
import { DeltaTrigger } from '../../../../lib/api/windows/delta-trigger.ts';
import { EndOfStreamTrigger } from '../../../../lib/api/windows/end-of-stream-trigger.ts';
import { EventTimeTrigger } from '../../../../lib/api/windows/event-time-trigger.ts';
import { NeverTrigger } from '../../../../lib/api/windows/never-trigger.ts';
import { ProcessingTimeTrigger } from '../../../../lib/api/windows/processing-time-trigger.ts';
import { ProcessingTimeoutTrigger } from '../../../../lib/api/windows/processing-timeout-trigger.ts';
import { PurgingTrigger } from '../../../../lib/api/windows/purging-trigger.ts';
import { millis } from '../../../../lib/core/duration.ts';
import { MAX_WATERMARK, MIN_TIMESTAMP } from '../../../../lib/core/time.ts';
import type { Trigger, TriggerResult } from '../../../../lib/core/window/trigger.ts';
import { GlobalWindow, TimeWindow, type Window } from '../../../../lib/core/window/window.ts';
import { EventTime } from '../../../../lib/runtime/event-time.ts';
import { HeapKeyedStateBackend } from '../../../../lib/runtime/state/heap-keyed-state-backend.ts';
import { HeapTimerService } from '../../../../lib/runtime/timers/heap-timer-service.ts';
import { WindowTriggerContext } from '../../../../lib/runtime/window/window-trigger-context.ts';
import { ManualProcessingTime } from '../../../../lib/testing/manual-processing-time.ts';

const W02 = new TimeWindow(0, 2);
const W24 = new TimeWindow(2, 4);

describe('EventTimeTrigger', () => {
  it('fires at the end of the window', () => {
    const test = new TriggerTest(EventTimeTrigger.create());
    expect(test.element(1, W02)).toBe('CONTINUE');
    expect(test.timers(W02)).toEqual({ event: 1, processing: 0 });
    expect(test.watermark(0)).toEqual([]);
    expect(test.watermark(1)).toEqual(['FIRE']);
  });

  it('keeps windows apart and clears its timer', () => {
    const test = new TriggerTest(EventTimeTrigger.create());
    test.element(1, W02);
    test.element(1, W24);
    test.clear(W24);
    expect(test.watermark(MAX_WATERMARK)).toEqual(['FIRE']);
  });

  /** Apache Flink EventTimeTriggerTest.java#testLateElementTriggersImmediately. */
  it('fires at once for a late element and registers no timer', () => {
    const test = new TriggerTest(EventTimeTrigger.create());
    test.watermark(2);
    expect(test.element(1, W02)).toBe('FIRE');
    expect(test.timers(W02)).toEqual({ event: 0, processing: 0 });
  });

  it('moves its timer when windows merge', () => {
    const test = new TriggerTest(EventTimeTrigger.create());
    test.element(1, W02);
    test.element(1, W24);
    test.merge(new TimeWindow(0, 4), [W02, W24]);
    expect(test.watermark(2)).toEqual([]);
    expect(test.watermark(3)).toEqual(['FIRE']);
  });

  /** Apache Flink EventTimeTriggerTest.java#testMergingLateWindows. */
  it('registers no timer for a merged window that has ended', () => {
    const test = new TriggerTest(EventTimeTrigger.create());
    test.element(1, W02);
    test.element(1, W24);
    test.watermark(10);
    test.merge(new TimeWindow(0, 4), [W02, W24]);
    expect(test.timers(new TimeWindow(0, 4))).toEqual({ event: 0, processing: 0 });
  });
});

describe('ProcessingTimeTrigger', () => {
  it('fires when the clock reaches the end of the window, and only then', () => {
    const test = new TriggerTest(ProcessingTimeTrigger.create());
    expect(test.element(1, W02)).toBe('CONTINUE');
    test.merge(new TimeWindow(0, 4), [W02]);
    expect(test.clock(2)).toEqual([]);
    expect(test.clock(3)).toEqual(['FIRE']);
    test.merge(W24, [W02]);
    expect(test.timers(W24).processing).toBe(0);
  });
});

describe('CountTrigger', () => {
  it('fires every n elements of a window', () => {
    const test = new TriggerTest(CountTrigger.of(3));
    const results = [1, 2, 3, 4, 5, 6].map((n) => test.element(n, W02));
    expect(results).toEqual(['CONTINUE', 'CONTINUE', 'FIRE', 'CONTINUE', 'CONTINUE', 'FIRE']);
    expect(test.element(1, W24)).toBe('CONTINUE');
  });

  it('adds the counts of merged windows', () => {
    const test = new TriggerTest(CountTrigger.of(3));
    test.element(1, W02);
    test.element(1, W24);
    test.merge(new TimeWindow(0, 4), [W02, W24]);
    expect(test.element(1, new TimeWindow(0, 4))).toBe('FIRE');
  });

  it('forgets its count when it is cleared', () => {
    const test = new TriggerTest(CountTrigger.of(2));
    test.element(1, W02);
    test.clear(W02);
    expect(test.element(1, W02)).toBe('CONTINUE');
  });
});

describe('ContinuousEventTimeTrigger', () => {
  it('fires at multiples of the interval and at the end of the window', () => {
    const test = new TriggerTest(ContinuousEventTimeTrigger.of(millis(10)));
    const window = new TimeWindow(0, 25);
    expect(test.element(3, window)).toBe('CONTINUE');
    expect(test.watermark(9)).toEqual([]);
    expect(test.watermark(10)).toEqual(['FIRE']);
    expect(test.watermark(30)).toEqual(['FIRE', 'FIRE']);
  });

  it('aligns to multiples of the interval before the epoch too', () => {
    const test = new TriggerTest(ContinuousEventTimeTrigger.of(millis(10)));
    test.element(-3, new TimeWindow(-20, 20));
    expect(test.watermark(-1)).toEqual([]);
    expect(test.watermark(0)).toEqual(['FIRE']);
  });

  /** Apache Flink ContinuousEventTimeTriggerTest.java#testLateElementTriggersImmediately. */
  it('fires at once for a late element, without state or timers', () => {
    const test = new TriggerTest(ContinuousEventTimeTrigger.of(millis(3_600_000)));
    test.watermark(2);
    expect(test.element(1, W02)).toBe('FIRE');
    expect(test.timers(W02)).toEqual({ event: 0, processing: 0 });
    expect(test.stateEntries()).toBe(0);
  });

  it('keeps the earliest firing of merged windows and clears it', () => {
    const test = new TriggerTest(ContinuousEventTimeTrigger.of(millis(10)));
    const merged = new TimeWindow(0, 40);
    test.element(3, new TimeWindow(0, 20));
    test.element(17, new TimeWindow(15, 40));
    test.merge(merged, [new TimeWindow(0, 20), new TimeWindow(15, 40)]);
    expect(test.timers(merged).event).toBe(1);
    test.clear(merged);
    expect(test.timers(merged).event).toBe(0);
    expect(test.stateEntries()).toBe(0);
  });
});

describe('ContinuousProcessingTimeTrigger', () => {
  it('fires at multiples of the interval up to the end of the window', () => {
    const test = new TriggerTest(ContinuousProcessingTimeTrigger.of(millis(10)));
    test.clock(4);
    expect(test.element(0, new TimeWindow(0, 25))).toBe('CONTINUE');
    expect(test.clock(9)).toEqual([]);
    expect(test.clock(10)).toEqual(['FIRE']);
    expect(test.clock(100)).toEqual(['FIRE', 'FIRE']);
  });

  it('takes its state and timer along when windows merge', () => {
    const test = new TriggerTest(ContinuousProcessingTimeTrigger.of(millis(10)));
    test.element(0, W02);
    test.merge(new TimeWindow(0, 40), [W02]);
    expect(test.clock(10)).toEqual(['FIRE']);
    test.clear(new TimeWindow(0, 40));
    expect(test.clock(99)).toEqual([]);
  });
});

describe('PurgingTrigger', () => {
  it('purges whenever the nested trigger fires', () => {
    const test = new TriggerTest(PurgingTrigger.of(CountTrigger.of(2)));
    expect([test.element(1, W02), test.element(1, W02)]).toEqual(['CONTINUE', 'FIRE_AND_PURGE']);
    const timed = new TriggerTest(PurgingTrigger.of(EventTimeTrigger.create()));
    timed.element(1, W02);
    expect(timed.watermark(1)).toEqual(['FIRE_AND_PURGE']);
  });

  it('merges if the nested trigger can', () => {
    expect(PurgingTrigger.of(EventTimeTrigger.create()).canMerge()).toBe(true);
    expect(PurgingTrigger.of(DeltaTrigger.of(1, () => 0)).canMerge()).toBe(false);
  });
});

describe('ProcessingTimeoutTrigger', () => {
  const newTrigger = (options = {}) => ProcessingTimeoutTrigger.of(CountTrigger.of(3), millis(50), options);

  /** Apache Flink ProcessingTimeoutTriggerTest.java#testWindowFireWithoutResetTimer. */
  it('fires after the timeout of the first record and clears the nested count', () => {
    const test = new TriggerTest(newTrigger());
    expect([test.element(1, W02), test.element(1, W02)]).toEqual(['CONTINUE', 'CONTINUE']);
    expect(test.clock(40)).toEqual([]);
    expect(test.clock(50)).toEqual(['FIRE']);
    expect([1, 2, 3].map((n) => test.element(n, W02))).toEqual(['CONTINUE', 'CONTINUE', 'FIRE']);
    expect(test.timers(W02).processing).toBe(0);
  });

  it('begins its timeout anew with each record if it is told so', () => {
    const test = new TriggerTest(newTrigger({ resetTimerOnNewRecord: true }));
    test.element(1, W02);
    test.clock(40);
    test.element(1, W02);
    expect(test.clock(50)).toEqual([]);
    expect(test.clock(90)).toEqual(['FIRE']);
  });

  it('keeps the nested count over a timeout if it is told so', () => {
    const test = new TriggerTest(newTrigger({ shouldClearOnTimeout: false }));
    test.element(1, W02);
    test.element(1, W02);
    expect(test.clock(50)).toEqual(['FIRE']);
    expect(test.element(1, W02)).toBe('FIRE');
  });
});

describe('DeltaTrigger', () => {
  it('fires when an element is farther than the threshold from the one of the last firing', () => {
    const test = new TriggerTest(DeltaTrigger.of<unknown>(5, (a, b) => Number(b) - Number(a)));
    const results = [0, 5, 6, 10, 12].map((value) => test.element(1, W02, value));
    expect(results).toEqual(['CONTINUE', 'CONTINUE', 'FIRE', 'CONTINUE', 'FIRE']);
    test.clear(W02);
    expect(test.stateEntries()).toBe(0);
  });
});

describe('triggers of GlobalWindows', () => {
  it('never, or at the end of the stream', () => {
    const never = new TriggerTest(NeverTrigger.create());
    expect(never.element(1, GlobalWindow.INSTANCE)).toBe('CONTINUE');
    expect(never.watermark(MAX_WATERMARK)).toEqual([]);
    const end = new TriggerTest(EndOfStreamTrigger.create());
    end.element(1, GlobalWindow.INSTANCE);
    expect(end.watermark(MAX_WATERMARK - 1)).toEqual([]);
    expect(end.watermark(MAX_WATERMARK)).toEqual(['FIRE']);
  });
});

it.each<[string, () => unknown]>([
  ['CountTrigger.of(0)', () => CountTrigger.of(0)],
  ['an interval of zero', () => ContinuousEventTimeTrigger.of(millis(0))],
  ['a negative interval', () => ContinuousProcessingTimeTrigger.of(millis(-1))],
  ['a timeout of zero', () => ProcessingTimeoutTrigger.of(NeverTrigger.create(), millis(0))],
  ['a threshold that is no number', () => DeltaTrigger.of(Number.NaN, () => 0)],
])('%s is refused', (_, construct) => {
  expect(construct).toThrow(expect.objectContaining({ code: 'TRIGGER_INVALID' }));
});

/** One trigger and one key, with real state and timers. */
class TriggerTest {
  readonly #trigger: Trigger<unknown, Window>;
  readonly #time = new ManualProcessingTime();
  readonly #backend = new HeapKeyedStateBackend({
    operatorLabel: 'test',
    journal: undefined,
    freeze: true,
    trackChanges: false,
  });
  readonly #timers: HeapTimerService;
  readonly #context: WindowTriggerContext;
  #results: TriggerResult[] = [];

  constructor(trigger: Trigger<unknown, Window>) {
    this.#trigger = trigger;
    this.#timers = new HeapTimerService({
      target: {
        onEventTime: (time, window) => this.#fired('onEventTime', time, window),
        onProcessingTime: (time, window) => this.#fired('onProcessingTime', time, window),
      },
      backend: this.#backend,
      processingTime: this.#time,
      eventTime: new EventTime({ journal: undefined, maxParallelism: 128 }),
      journal: undefined,
      trackChanges: false,
    });
    this.#context = new WindowTriggerContext(GlobalWindow.INSTANCE, this.#backend, this.#timers);
    this.#backend.setCurrentKey('key');
    expect(this.#timers.currentWatermark()).toBe(MIN_TIMESTAMP);
  }

  element(timestamp: number, window: Window, value: unknown = 'x'): TriggerResult {
    this.#context.window = window;
    return this.#trigger.onElement(value, timestamp, window, this.#context);
  }

  watermark(watermark: number): readonly TriggerResult[] {
    this.#results = [];
    this.#timers.advanceWatermark(watermark);
    return this.#results;
  }

  clock(time: number): readonly TriggerResult[] {
    this.#results = [];
    this.#time.advanceTo(time);
    return this.#results;
  }

  merge(result: Window, sources: readonly Window[]): void {
    this.#context.window = result;
    this.#context.mergedWindows = sources;
    this.#trigger.onMerge?.(result, this.#context);
    for (const source of sources) this.clear(source);
  }

  clear(window: Window): void {
    this.#context.window = window;
    this.#trigger.clear(window, this.#context);
  }

  timers(window: Window): { readonly event: number; readonly processing: number } {
    return {
      event: this.#timers.numEventTimeTimers(window),
      processing: this.#timers.numProcessingTimeTimers(window),
    };
  }

  stateEntries(): number {
    return this.#backend.collectState('all').reduce((sum, { changes }) => sum + changes.length, 0);
  }

  #fired(method: 'onEventTime' | 'onProcessingTime', time: number, window: Window | undefined): void {
    if (window === undefined) throw new Error('a trigger timer has a window');
    this.#context.window = window;
    const result = this.#trigger[method](time, window, this.#context);
    if (result !== 'CONTINUE') this.#results.push(result);
  }
}
