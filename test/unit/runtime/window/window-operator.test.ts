import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContinuousEventTimeTrigger } from '../../../../lib/api/windows/continuous-event-time-trigger.ts';
import { CountEvictor } from '../../../../lib/api/windows/count-evictor.ts';
import { CountTrigger } from '../../../../lib/api/windows/count-trigger.ts';
import { DeltaTrigger } from '../../../../lib/api/windows/delta-trigger.ts';
import { EventTimeSessionWindows } from '../../../../lib/api/windows/event-time-session-windows.ts';
import { EventTimeTrigger } from '../../../../lib/api/windows/event-time-trigger.ts';
import { GlobalWindows } from '../../../../lib/api/windows/global-windows.ts';
import { ProcessingTimeSessionWindows } from '../../../../lib/api/windows/processing-time-session-windows.ts';
import { PurgingTrigger } from '../../../../lib/api/windows/purging-trigger.ts';
import { SlidingEventTimeWindows } from '../../../../lib/api/windows/sliding-event-time-windows.ts';
import { TumblingEventTimeWindows } from '../../../../lib/api/windows/tumbling-event-time-windows.ts';
// biome-ignore format: the formatter does not break an import of one name, whose line is too long
import {
  TumblingProcessingTimeWindows,
} from '../../../../lib/api/windows/tumbling-processing-time-windows.ts';
import { millis } from '../../../../lib/core/duration.ts';
import type { AggregateFunction } from '../../../../lib/core/functions/aggregate-function.ts';
import type { ProcessWindowContext } from '../../../../lib/core/functions/window-function.ts';
import { OutputTag } from '../../../../lib/core/output-tag.ts';
import { ValueStateDescriptor } from '../../../../lib/core/state.ts';
import { MAX_WATERMARK, NO_TIMESTAMP } from '../../../../lib/core/time.ts';
import { TimeWindow, type Window } from '../../../../lib/core/window/window.ts';
import type { WindowSpec } from '../../../../lib/graph/operator-spec.ts';
import { SliceWindowOperator } from '../../../../lib/runtime/window/slice-window-operator.ts';
import { WindowOperator } from '../../../../lib/runtime/window/window-operator.ts';
import {
  aggregating,
  IN_PLACE_SUM,
  type Pair,
  pairOf,
  processing,
  reducing,
  sumPairs,
  WindowHarness,
  windowSpec,
} from './window-harness.ts';

const TUMBLING = TumblingEventTimeWindows.of(millis(10));
const SESSIONS = EventTimeSessionWindows.withGap(millis(10));
const SUM = reducing(sumPairs);
type AnyContext = ProcessWindowContext<unknown, unknown, unknown, Window>;
/** Emits `[start, end, every number]`. */
const LISTING = processing({
  process: ({ window, elements, out }) => {
    out.collect([...boundsOf(window), elements.map((element) => pairOf(element)[1])]);
  },
});

describe('lateness', () => {
  for (const operator of ['chosen', 'generic'] as const) {
    it(`re-fires an allowed late element at once and drops later ones (${operator})`, async () => {
      const spec = windowSpec({ assigner: TUMBLING, contents: SUM }, { allowedLatenessMs: 5 });
      const harness = await WindowHarness.open(spec, { operator });
      element(harness, ['a', 1], 3);
      element(harness, ['b', 1], 3);
      harness.input.processWatermark(9);
      element(harness, ['a', 2], 4);
      element(harness, ['a', 4], 5);
      harness.input.processWatermark(13);
      element(harness, ['a', 8], 9);
      harness.input.processWatermark(14);
      element(harness, ['a', 16], 9);
      expect(harness.take()).toEqual([
        [['a', 1], 9],
        [['b', 1], 9],
        9,
        [['a', 3], 9],
        [['a', 7], 9],
        13,
        [['a', 15], 9],
        14,
      ]);
      expect(harness.droppedRecords).toBe(1);
      expect(harness.snapshot().keyed).toEqual([]);
    });

    it(`gives late records to the side output instead of counting them (${operator})`, async () => {
      const spec = windowSpec({ assigner: TUMBLING, contents: SUM }, { lateTagId: 'late' });
      const harness = await WindowHarness.open(spec, { operator });
      harness.input.processWatermark(9);
      element(harness, ['a', 1], 9);
      element(harness, ['a', 2], 10);
      harness.input.processWatermark(MAX_WATERMARK);
      expect(harness.take()).toEqual([9, [['a', 2], 19], MAX_WATERMARK]);
      expect(harness.takeSide('late')).toEqual([[['a', 1], 9]]);
      expect(harness.droppedRecords).toBe(0);
    });

    it(`does not count a record between two windows as late (${operator})`, async () => {
      const assigner = SlidingEventTimeWindows.of(millis(2), millis(10));
      const harness = await WindowHarness.open(windowSpec({ assigner, contents: SUM }), { operator });
      element(harness, ['a', 1], 5);
      expect(harness.droppedRecords).toBe(0);
      harness.input.processWatermark(7);
      element(harness, ['a', 1], 6);
      expect(harness.droppedRecords).toBe(1);
    });

    it(`does not clean a window up early because its cleanup time overflows (${operator})`, async () => {
      const spec = windowSpec({ assigner: TUMBLING, contents: SUM }, { allowedLatenessMs: 2000 });
      const harness = await WindowHarness.open(spec, { operator });
      const end = MAX_WATERMARK - 500 - ((MAX_WATERMARK - 500) % 10) + 10;
      element(harness, ['a', 1], end - 3);
      harness.input.processWatermark(end - 2);
      harness.input.processWatermark(end - 1);
      element(harness, ['a', 2], end - 3);
      expect(harness.take()).toEqual([end - 2, [['a', 1], end - 1], end - 1, [['a', 3], end - 1]]);
    });

    it(`refuses a record without a timestamp (${operator})`, async () => {
      const harness = await WindowHarness.open(windowSpec({ assigner: TUMBLING, contents: SUM }), {
        operator,
      });
      const process = () => element(harness, ['a', 1], NO_TIMESTAMP);
      expect(process).toThrow(expect.objectContaining({ code: 'TIMESTAMP_INVALID' }));
    });

    it(`ignores a watermark behind the restored one (${operator})`, async () => {
      const harness = await WindowHarness.open(windowSpec({ assigner: TUMBLING, contents: SUM }), {
        operator,
      });
      harness.input.processWatermark(20);
      await harness.snapshotRestore();
      harness.take();
      harness.input.processWatermark(15);
      element(harness, ['a', 1], 7);
      expect(harness.take()).toEqual([]);
      expect(harness.droppedRecords).toBe(1);
    });
  }

  it('purged windows re-fire with the new elements only', async () => {
    const trigger = PurgingTrigger.of(EventTimeTrigger.create());
    const spec = windowSpec({ assigner: TUMBLING, contents: SUM }, { allowedLatenessMs: 5, trigger });
    const harness = await WindowHarness.open(spec);
    element(harness, ['a', 1], 3);
    harness.input.processWatermark(9);
    element(harness, ['a', 2], 3);
    element(harness, ['a', 4], 3);
    expect(harness.take()).toEqual([[['a', 1], 9], 9, [['a', 2], 9], [['a', 4], 9]]);
  });
});

describe('sessions', () => {
  it('a late element resurrects a retained session and merges it', async () => {
    const spec = windowSpec({ assigner: SESSIONS, contents: LISTING }, { allowedLatenessMs: 100 });
    const harness = await WindowHarness.open(spec);
    element(harness, ['a', 1], 0);
    element(harness, ['a', 2], 20);
    harness.input.processWatermark(9);
    element(harness, ['a', 4], 10);
    harness.input.processWatermark(40);
    expect(harness.take()).toEqual([[[0, 10, [1]], 9], 9, [[0, 30, [1, 2, 4]], 29], 40]);
  });

  it('keep nothing once they are cleaned up', async () => {
    const harness = await WindowHarness.open(windowSpec({ assigner: SESSIONS, contents: SUM }));
    for (const timestamp of [0, 30, 9, 21, 18]) element(harness, ['a', 1], timestamp);
    harness.input.processWatermark(100);
    expect(harness.take()).toEqual([[['a', 5], 39], 100]);
    const { keyed, eventTimers } = harness.snapshot();
    expect([keyed, eventTimers]).toEqual([[], []]);
  });

  it('give one result for each run of records without a gap', async () => {
    const elements = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: -60, max: 60 })), {
      maxLength: 25,
    });
    await fc.assert(
      fc.asyncProperty(elements, fc.nat(25), async (pairs, restoreAt) => {
        const harness = await WindowHarness.open(
          windowSpec({ assigner: SESSIONS, contents: aggregating(IN_PLACE_SUM) }),
        );
        for (const [i, [key, timestamp]] of pairs.entries()) {
          element(harness, [key, 1], timestamp);
          if (i === restoreAt) await harness.snapshotRestore();
        }
        harness.input.processWatermark(MAX_WATERMARK);
        const results = harness
          .take()
          .slice(0, -1)
          .map((result) => JSON.stringify(result));
        expect(results.sort()).toEqual(naiveSessions(pairs, 10).sort());
      }),
    );
  });

  it('by the clock end when it passes the gap', async () => {
    const assigner = ProcessingTimeSessionWindows.withGap(millis(10));
    const harness = await WindowHarness.open(windowSpec({ assigner, contents: SUM }));
    element(harness, ['a', 1], NO_TIMESTAMP);
    harness.time.advanceTo(8);
    element(harness, ['a', 2], NO_TIMESTAMP);
    harness.time.advanceTo(16);
    expect(harness.take()).toEqual([]);
    harness.time.advanceTo(17);
    expect(harness.take()).toEqual([[['a', 3], 17]]);
    expect(harness.snapshot()).toMatchObject({ keyed: [], processingTimers: [] });
  });

  it('refuse a trigger that cannot merge and an aggregate without merge', () => {
    const delta = DeltaTrigger.of<unknown>(1, () => 0);
    const withoutMerge: AggregateFunction<Pair, number, number> = {
      createAccumulator: () => 0,
      add: (n) => n,
      getResult: (n) => n,
    };
    const open = (spec: WindowSpec) => () => new WindowHarness(spec);
    expect(open(windowSpec({ assigner: SESSIONS, contents: SUM }, { trigger: delta }))).toThrow(
      expect.objectContaining({ code: 'TRIGGER_INVALID' }),
    );
    expect(open(windowSpec({ assigner: SESSIONS, contents: aggregating(withoutMerge) }))).toThrow(
      expect.objectContaining({ code: 'WINDOW_INVALID' }),
    );
  });

  it('refuse to merge into a window that has ended', async () => {
    const assigner = {
      description: 'Shrinking',
      isEventTime: true,
      assignWindows: (_: unknown, timestamp: number) => [new TimeWindow(timestamp, timestamp + 10)],
      getDefaultTrigger: () => EventTimeTrigger.create(),
      mergeWindows: (
        windows: readonly Window[],
        merge: (sources: readonly Window[], result: Window) => void,
      ) => {
        if (windows.length > 1) merge(windows, new TimeWindow(0, 1));
      },
    };
    const harness = await WindowHarness.open(windowSpec({ assigner, contents: SUM }));
    element(harness, ['a', 1], 0);
    harness.input.processWatermark(5);
    expect(() => element(harness, ['a', 1], 6)).toThrow('which ended before the watermark 5');
  });
});

describe('window functions', () => {
  for (const operator of ['chosen', 'generic'] as const) {
    it(`see key, window, time and both states (${operator})`, async () => {
      const count = new ValueStateDescriptor<number>('window-contents', 0);
      const tag = new OutputTag<string>('side');
      const contents = aggregating(IN_PLACE_SUM, {
        process: ({ key, window, value, windowState, globalState, out }) => {
          const ofWindow = windowState.getState(count);
          const ofKey = globalState.getState(count);
          ofWindow.update((ofWindow.value() ?? 0) + 1);
          ofKey.update((ofKey.value() ?? 0) + 1);
          out.collect([key, ...boundsOf(window), value, ofWindow.value(), ofKey.value()]);
        },
        clear: (context) => {
          context.windowState.getState(count).clear();
          context.output(tag, `cleared ${String(context.key)} at ${context.currentWatermark()}`);
        },
      });
      const harness = await WindowHarness.open(
        windowSpec({ assigner: TUMBLING, contents }, { allowedLatenessMs: 5 }),
        {
          operator,
        },
      );
      element(harness, ['a', 1], 0);
      harness.input.processWatermark(9);
      element(harness, ['a', 1], 0);
      await harness.snapshotRestore();
      element(harness, ['a', 1], 12);
      harness.input.processWatermark(20);
      expect(harness.take()).toEqual([
        [['a', 0, 10, ['a', 1], 1, 1], 9],
        9,
        [['a', 0, 10, ['a', 2], 2, 2], 9],
        [['a', 10, 20, ['a', 1], 1, 3], 19],
        20,
      ]);
      expect(harness.takeSide('side')).toEqual([['cleared a at 20', 9]]);
    });

    it(`open state in open and are closed (${operator})`, async () => {
      const log: unknown[] = [];
      const contents = reducing(sumPairs, {
        open(context) {
          const state = context.getState(new ValueStateDescriptor<number>('seen', 0));
          this.process = ({ out }) => {
            state.update((state.value() ?? 0) + 1);
            out.collect([context.operatorName, state.value()]);
          };
        },
        process: () => undefined,
        close: () => void log.push('closed'),
      });
      const harness = await WindowHarness.open(windowSpec({ assigner: TUMBLING, contents }), { operator });
      for (const key of ['a', 'b', 'a']) element(harness, [key, 1], key === 'b' ? 5 : 15);
      element(harness, ['b', 1], 15);
      harness.input.processWatermark(30);
      await harness.operator.close();
      expect(harness.take()).toEqual([[['window', 1], 9], [['window', 1], 19], [['window', 2], 19], 30]);
      expect(log).toEqual(['closed']);
    });

    it(`have no key in windowAll (${operator})`, async () => {
      const contents = reducing(sumPairs, { process: ({ key, value, out }) => out.collect([key, value]) });
      const spec = windowSpec({ assigner: TUMBLING, contents }, { allWindows: true, keySelector: () => 0 });
      const harness = await WindowHarness.open(spec, { operator });
      element(harness, ['a', 1], 1);
      element(harness, ['b', 2], 2);
      harness.input.processWatermark(9);
      expect(harness.take()).toEqual([[[undefined, ['a', 3]], 9], 9]);
    });

    it(`emit nothing for an undefined result (${operator})`, async () => {
      const nothing = aggregating({ ...IN_PLACE_SUM, getResult: () => undefined });
      const harness = await WindowHarness.open(windowSpec({ assigner: TUMBLING, contents: nothing }), {
        operator,
      });
      element(harness, ['a', 1], 1);
      harness.input.processWatermark(9);
      expect(harness.take()).toEqual([9]);
    });
  }

  it('have no windowState where windows merge', async () => {
    const contents = processing({ process: (context: AnyContext) => void context.windowState });
    const harness = await WindowHarness.open(windowSpec({ assigner: SESSIONS, contents }));
    element(harness, ['a', 1], 0);
    expect(() => harness.input.processWatermark(99)).toThrow('globalState');
  });

  it('may keep the elements they got', async () => {
    const kept: (readonly unknown[])[] = [];
    const contents = processing({ process: ({ elements }) => void kept.push(elements) });
    const spec = windowSpec({ assigner: GlobalWindows.create(), contents }, { trigger: CountTrigger.of(1) });
    const harness = await WindowHarness.open(spec);
    element(harness, ['a', 1], 0);
    element(harness, ['a', 2], 0);
    expect(kept.map((elements) => elements.length)).toEqual([1, 2]);
  });

  it('must give an OutputTag to output', async () => {
    // What a caller without types may do.
    const noTag = undefined as unknown as OutputTag<unknown>;
    const refusing = processing({ process: (context: AnyContext) => context.output(noTag, 1) });
    const harness = await WindowHarness.open(windowSpec({ assigner: TUMBLING, contents: refusing }));
    element(harness, ['a', 1], 0);
    expect(() => harness.input.processWatermark(9)).toThrow(
      expect.objectContaining({ code: 'OUTPUT_TAG_INVALID' }),
    );
  });
});

describe('triggers and evictors', () => {
  it('early results accumulate', async () => {
    const trigger = ContinuousEventTimeTrigger.of(millis(4));
    const harness = await WindowHarness.open(windowSpec({ assigner: TUMBLING, contents: SUM }, { trigger }));
    element(harness, ['a', 1], 1);
    element(harness, ['a', 2], 6);
    harness.input.processWatermark(4);
    harness.input.processWatermark(20);
    expect(harness.take()).toEqual([[['a', 3], 9], 4, [['a', 3], 9], [['a', 3], 9], 20]);
  });

  it('the state of a trigger and the contents of a window do not meet', async () => {
    const descriptor = new ValueStateDescriptor<string>('window-contents');
    const trigger = {
      description: 'Meddling',
      onElement: (_: unknown, __: number, ___: Window, context: Parameters<EventTimeTrigger['clear']>[1]) => {
        context.getPartitionedState(descriptor).update('x');
        return 'FIRE' as const;
      },
      onEventTime: () => 'CONTINUE' as const,
      onProcessingTime: () => 'CONTINUE' as const,
      clear: (_: Window, context: Parameters<EventTimeTrigger['clear']>[1]) =>
        context.getPartitionedState(descriptor).clear(),
    };
    const harness = await WindowHarness.open(windowSpec({ assigner: TUMBLING, contents: SUM }, { trigger }));
    element(harness, ['a', 1], 1);
    element(harness, ['a', 2], 1);
    harness.input.processWatermark(9);
    expect(harness.take()).toEqual([[['a', 1], 9], [['a', 3], 9], 9]);
    expect(harness.snapshot().keyed).toEqual([]);
  });

  it('an evictor applies to reduce and aggregate when the window fires', async () => {
    for (const contents of [SUM, aggregating(IN_PLACE_SUM)]) {
      const spec = windowSpec({ assigner: TUMBLING, contents }, { evictor: CountEvictor.of(2) });
      const harness = await WindowHarness.open(spec, { freezeState: true });
      for (const n of [1, 2, 4]) element(harness, ['a', n], n);
      await harness.snapshotRestore();
      harness.input.processWatermark(9);
      expect(harness.take()).toEqual([[['a', 6], 9], 9]);
    }
  });

  it('an evictor that leaves nothing leaves nothing to reduce', async () => {
    const spec = windowSpec({ assigner: TUMBLING, contents: SUM }, { evictor: CountEvictor.of(0) });
    const harness = await WindowHarness.open(spec);
    element(harness, ['a', 1], 1);
    harness.input.processWatermark(9);
    expect(harness.take()).toEqual([9]);
  });

  it('processing-time windows ignore timestamps and lateness', async () => {
    const assigner = TumblingProcessingTimeWindows.of(millis(10));
    const harness = await WindowHarness.open(windowSpec({ assigner, contents: SUM }));
    harness.input.processWatermark(1000);
    element(harness, ['a', 1], 5);
    harness.time.advanceTo(4);
    element(harness, ['a', 2], NO_TIMESTAMP);
    await harness.snapshotRestore();
    harness.time.advanceTo(9);
    expect(harness.take()).toEqual([1000, [['a', 3], 9]]);
  });
});

describe('the choice of operator', () => {
  const noMerge = aggregating<number, number>({
    createAccumulator: () => 0,
    add: (n) => n + 1,
    getResult: (n) => n,
  });
  const sliding = SlidingEventTimeWindows.of(millis(10), millis(5));
  const rollUp = { ...SUM, sliceable: false };

  it.each<[string, WindowSpec, boolean]>([
    ['tumbling reduce', windowSpec({ assigner: TUMBLING, contents: SUM }), true],
    ['tumbling roll-up', windowSpec({ assigner: TUMBLING, contents: rollUp }), true],
    ['tumbling aggregate without merge', windowSpec({ assigner: TUMBLING, contents: noMerge }), true],
    ['sliding aggregate', windowSpec({ assigner: sliding, contents: aggregating(IN_PLACE_SUM) }), true],
    ['sliding aggregate without merge', windowSpec({ assigner: sliding, contents: noMerge }), false],
    ['sliding roll-up', windowSpec({ assigner: sliding, contents: rollUp }), false],
    ['all elements', windowSpec({ assigner: TUMBLING, contents: LISTING }), false],
    [
      'a trigger',
      windowSpec({ assigner: TUMBLING, contents: SUM }, { trigger: EventTimeTrigger.create() }),
      false,
    ],
    ['an evictor', windowSpec({ assigner: TUMBLING, contents: SUM }, { evictor: CountEvictor.of(1) }), false],
    ['sessions', windowSpec({ assigner: SESSIONS, contents: SUM }), false],
  ])('%s', (_, spec, sliced) => {
    expect(new WindowHarness(spec).operator).toBeInstanceOf(sliced ? SliceWindowOperator : WindowOperator);
  });

  it('state of one operator is refused by the other', async () => {
    const spec = windowSpec({ assigner: TUMBLING, contents: SUM });
    for (const [first, second] of [
      ['chosen', 'generic'],
      ['generic', 'chosen'],
    ] as const) {
      const harness = await WindowHarness.open(spec, { operator: first });
      element(harness, ['a', 1], 1);
      const restore = () => WindowHarness.restored(spec, harness.snapshot(), { operator: second });
      expect(restore).toThrow(expect.objectContaining({ code: 'STATE_INCOMPATIBLE' }));
    }
  });

  it('slices of other windows are refused, windows of the same slices are not', async () => {
    const harness = await WindowHarness.open(windowSpec({ assigner: TUMBLING, contents: SUM }));
    element(harness, ['a', 1], 1);
    const other = windowSpec({ assigner: TumblingEventTimeWindows.of(millis(7)), contents: SUM });
    const refused = () => WindowHarness.restored(other, harness.snapshot());
    expect(refused).toThrow(expect.objectContaining({ code: 'STATE_INCOMPATIBLE' }));
    const wider = windowSpec({ assigner: SlidingEventTimeWindows.of(millis(20), millis(10)), contents: SUM });
    const taken = WindowHarness.restored(wider, harness.snapshot());
    await taken.operator.open();
    taken.input.processWatermark(30);
    expect(taken.take()).toEqual([[['a', 1], 9], [['a', 1], 19], 30]);
  });
});

function element(harness: WindowHarness, pair: Pair, timestamp: number): void {
  harness.input.processElement(pair, timestamp);
}

function boundsOf(window: Window): readonly number[] {
  return window instanceof TimeWindow ? [window.start, window.end] : [];
}

/** `[[key, count], end - 1]` of every session, as JSON. */
function naiveSessions(pairs: readonly (readonly [string, number])[], gap: number): string[] {
  const results: string[] = [];
  for (const key of new Set(pairs.map(([each]) => each))) {
    const times = pairs
      .filter(([each]) => each === key)
      .map(([, time]) => time)
      .sort((a, b) => a - b);
    let count = 0;
    for (const [i, time] of times.entries()) {
      count++;
      const next = times[i + 1];
      if (next !== undefined && next <= time + gap) continue;
      results.push(JSON.stringify([[key, count], time + gap - 1]));
      count = 0;
    }
  }
  return results;
}
