import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventTimeSessionWindows } from '../../../../lib/api/windows/event-time-session-windows.ts';
import { GlobalWindows } from '../../../../lib/api/windows/global-windows.ts';
import { ProcessingTimeSessionWindows } from '../../../../lib/api/windows/processing-time-session-windows.ts';
import { SlidingEventTimeWindows } from '../../../../lib/api/windows/sliding-event-time-windows.ts';
import { SlidingProcessingTimeWindows } from '../../../../lib/api/windows/sliding-processing-time-windows.ts';
import { TumblingEventTimeWindows } from '../../../../lib/api/windows/tumbling-event-time-windows.ts';
// biome-ignore format: the formatter does not break an import of one name, whose line is too long
import {
  TumblingProcessingTimeWindows,
} from '../../../../lib/api/windows/tumbling-processing-time-windows.ts';
import { WindowStagger } from '../../../../lib/api/windows/window-stagger.ts';
import { millis } from '../../../../lib/core/duration.ts';
import { MAX_WATERMARK, NO_TIMESTAMP } from '../../../../lib/core/time.ts';
import { GlobalWindow, TimeWindow, type Window } from '../../../../lib/core/window/window.ts';
import type { WindowAssigner } from '../../../../lib/core/window/window-assigner.ts';

const ms = millis;
const NOW = 150;

/** Facts of Apache Flink TumblingEventTimeWindowsTest.java and SlidingEventTimeWindowsTest.java. */
const facts: readonly (readonly [
  string,
  WindowAssigner<unknown, Window>,
  number,
  readonly (readonly number[])[],
])[] = [
  ['tumbling', TumblingEventTimeWindows.of(ms(5000)), 0, [[0, 5000]]],
  ['tumbling', TumblingEventTimeWindows.of(ms(5000)), 4999, [[0, 5000]]],
  ['tumbling', TumblingEventTimeWindows.of(ms(5000)), 5000, [[5000, 10000]]],
  ['tumbling before the epoch', TumblingEventTimeWindows.of(ms(5000)), -1, [[-5000, 0]]],
  ['tumbling with offset', TumblingEventTimeWindows.of(ms(5000), ms(100)), 5099, [[100, 5100]]],
  ['tumbling with negative offset', TumblingEventTimeWindows.of(ms(5000), ms(-100)), 4899, [[-100, 4900]]],
  ['tumbling with negative offset', TumblingEventTimeWindows.of(ms(5000), ms(-100)), 4900, [[4900, 9900]]],
  ['natural stagger', TumblingEventTimeWindows.of(ms(5000), ms(0), 'natural'), 5099, [[150, 5150]]],
  [
    'natural stagger',
    TumblingEventTimeWindows.of(ms(5000), ms(0), WindowStagger.NATURAL),
    5300,
    [[5150, 10150]],
  ],
  [
    'sliding',
    SlidingEventTimeWindows.of(ms(5000), ms(2500)),
    4999,
    [
      [2500, 7500],
      [0, 5000],
    ],
  ],
  [
    'sliding with offset',
    SlidingEventTimeWindows.of(ms(3000), ms(1000), ms(100)),
    100,
    [
      [100, 3100],
      [-900, 2100],
      [-1900, 1100],
    ],
  ],
  [
    'sliding with negative offset',
    SlidingEventTimeWindows.of(ms(2000), ms(1000), ms(-100)),
    4899,
    [
      [3900, 5900],
      [2900, 4900],
    ],
  ],
  [
    'size no multiple of slide',
    SlidingEventTimeWindows.of(ms(3), ms(2)),
    4,
    [
      [4, 7],
      [2, 5],
    ],
  ],
  ['size no multiple of slide', SlidingEventTimeWindows.of(ms(3), ms(2)), 5, [[4, 7]]],
  ['between two windows', SlidingEventTimeWindows.of(ms(2), ms(10)), 5, []],
  ['session', EventTimeSessionWindows.withGap(ms(3000)), 7, [[7, 3007]]],
  ['processing time', TumblingProcessingTimeWindows.of(ms(100)), 0, [[100, 200]]],
  [
    'processing time sliding',
    SlidingProcessingTimeWindows.of(ms(100), ms(50)),
    0,
    [
      [150, 250],
      [100, 200],
    ],
  ],
  ['processing time session', ProcessingTimeSessionWindows.withGap(ms(10)), 0, [[150, 160]]],
];

describe('window assigners', () => {
  for (const [name, assigner, timestamp, windows] of facts) {
    it(`${name}: ${assigner.description} puts ${timestamp} into ${JSON.stringify(windows)}`, () => {
      expect(boundsOf(assigner.assignWindows('x', timestamp, NOW))).toEqual(windows);
    });
  }

  it('sliding windows are exactly the aligned windows that hold the timestamp', () => {
    const durations = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(
        durations,
        durations,
        fc.integer({ min: -39, max: 39 }),
        fc.integer(),
        (size, slide, offset, time) => {
          const shift = offset % slide;
          const windows = SlidingEventTimeWindows.of(ms(size), ms(slide), ms(shift)).assignWindows('x', time);
          const naive: number[] = [];
          for (let start = time; start > time - size; start--)
            if ((start - shift) % slide === 0) naive.push(start);
          expect(boundsOf(windows)).toEqual(naive.map((start) => [start, start + size]));
        },
      ),
    );
  });

  it('windows at the end of time end with it', () => {
    const [window] = TumblingEventTimeWindows.of(ms(1000)).assignWindows('x', MAX_WATERMARK - 1, 0);
    expect(window?.end).toBe(MAX_WATERMARK);
  });

  it('a random stagger is one offset below the size for all records', () => {
    const assigner = TumblingEventTimeWindows.of(ms(5000), ms(0), 'random');
    const [first] = assigner.assignWindows('x', 0, 1_700_000_000_000);
    const [second] = assigner.assignWindows('x', 5000, 1_800_000_000_000);
    expect(second?.start).toBe((first?.start ?? 0) + 5000);
    expect((first?.end ?? 0) - (first?.start ?? 0)).toBe(5000);
  });

  it('the gap of a session may depend on the element', () => {
    const windows = EventTimeSessionWindows.withDynamicGap((gap: number) => ms(gap));
    expect(boundsOf(windows.assignWindows(8, 100))).toEqual([[100, 108]]);
    expect(() => windows.assignWindows(0, 100)).toThrow(expect.objectContaining({ code: 'WINDOW_INVALID' }));
  });

  it('there is one global window', () => {
    expect(GlobalWindows.create().assignWindows()).toEqual([GlobalWindow.INSTANCE]);
    expect(GlobalWindows.create().getDefaultTrigger().description).toBe('NeverTrigger');
    expect(GlobalWindows.createWithEndOfStreamTrigger().getDefaultTrigger().description).toBe(
      'EndOfStreamTrigger',
    );
  });

  it('event-time windows refuse a record without a timestamp', () => {
    for (const assigner of [
      TumblingEventTimeWindows.of(ms(5)),
      SlidingEventTimeWindows.of(ms(5), ms(1)),
      EventTimeSessionWindows.withGap(ms(5)),
    ]) {
      const assign = () => assigner.assignWindows('x', NO_TIMESTAMP, 0);
      expect(assign).toThrow(expect.objectContaining({ code: 'TIMESTAMP_INVALID' }));
    }
  });

  it('only aligned event-time windows can be sliced', () => {
    expect(TumblingEventTimeWindows.of(ms(5), ms(1)).slicing).toEqual({ sizeMs: 5, slideMs: 5, offsetMs: 1 });
    expect(SlidingEventTimeWindows.of(ms(5), ms(2)).slicing).toEqual({ sizeMs: 5, slideMs: 2, offsetMs: 0 });
    expect(TumblingEventTimeWindows.of(ms(5), ms(1), 'natural').slicing).toBeUndefined();
  });

  /** Facts of Apache Flink TumblingEventTimeWindowsTest.java#testInvalidParameters and its siblings. */
  it.each<[string, () => unknown]>([
    ['a negative size', () => TumblingEventTimeWindows.of(ms(-1000))],
    ['an offset of the size', () => TumblingEventTimeWindows.of(ms(10), ms(10))],
    ['an offset above the size', () => TumblingProcessingTimeWindows.of(ms(10), ms(20))],
    ['an offset below minus the size', () => TumblingEventTimeWindows.of(ms(10), ms(-11))],
    ['a negative size of sliding windows', () => SlidingEventTimeWindows.of(ms(-2), ms(1))],
    ['a slide of zero', () => SlidingEventTimeWindows.of(ms(2), ms(0))],
    ['an offset above the slide', () => SlidingProcessingTimeWindows.of(ms(20), ms(10), ms(11))],
    ['a gap of zero', () => EventTimeSessionWindows.withGap(ms(0))],
    ['a negative gap', () => ProcessingTimeSessionWindows.withGap(ms(-1))],
  ])('%s is refused', (_, construct) => {
    expect(construct).toThrow(expect.objectContaining({ code: 'WINDOW_INVALID' }));
  });
});

describe('session windows', () => {
  /** Facts of Apache Flink EventTimeSessionWindowsTest.java. */
  it.each<[string, readonly (readonly [number, number])[], readonly unknown[]]>([
    ['one window', [[0, 1]], []],
    [
      'touching windows',
      [
        [0, 1],
        [1, 2],
        [2, 3],
        [4, 5],
        [5, 6],
      ],
      [
        {
          sources: [
            [0, 1],
            [1, 2],
            [2, 3],
          ],
          result: [0, 3],
        },
        {
          sources: [
            [4, 5],
            [5, 6],
          ],
          result: [4, 6],
        },
      ],
    ],
    [
      'covering windows',
      [
        [1, 1],
        [0, 2],
        [4, 7],
        [5, 6],
      ],
      [
        {
          sources: [
            [0, 2],
            [1, 1],
          ],
          result: [0, 2],
        },
        {
          sources: [
            [4, 7],
            [5, 6],
          ],
          result: [4, 7],
        },
      ],
    ],
    [
      'equal windows',
      [
        [0, 2],
        [0, 2],
      ],
      [],
    ],
  ])('merge %s', (_, windows, merges) => {
    const merged: unknown[] = [];
    const timeWindows = windows.map(([start, end]) => new TimeWindow(start, end));
    EventTimeSessionWindows.withGap(ms(5000)).mergeWindows(timeWindows, (sources, result) => {
      merged.push({ sources: boundsOf(sources), result: [result.start, result.end] });
    });
    expect(merged).toEqual(merges);
  });
});

function boundsOf(windows: readonly Window[]): readonly (readonly number[])[] {
  return windows.map((window) => (window instanceof TimeWindow ? [window.start, window.end] : []));
}
