import { describe, expect, it } from 'vitest';
import { EventTimeSessionWindows } from '../../../../lib/api/windows/event-time-session-windows.ts';
import { millis } from '../../../../lib/core/duration.ts';
import { GlobalWindow, TimeWindow } from '../../../../lib/core/window/window.ts';
import { MergingWindowSet, type WindowMerge } from '../../../../lib/runtime/window/merging-window-set.ts';

type Bounds = readonly [number, number];
type Row = readonly [
  added: Bounds,
  result: Bounds,
  merge?: {
    readonly sources: readonly Bounds[];
    readonly stateWindow: Bounds;
    readonly stateSources?: readonly Bounds[];
  },
];

describe('MergingWindowSet', () => {
  /** Facts of Apache Flink MergingWindowSetTest.java#testIncrementalMerging. */
  it('keeps the state window of the first window while windows grow', () => {
    const set = newSet();
    const rows: readonly Row[] = [
      [
        [0, 4],
        [0, 4],
      ],
      [
        [0, 4],
        [0, 4],
      ],
      [[3, 5], [0, 5], { sources: [[0, 4]], stateWindow: [0, 4] }],
      [[4, 6], [0, 6], { sources: [[0, 5]], stateWindow: [0, 4] }],
      [
        [1, 4],
        [0, 6],
      ],
      [
        [0, 4],
        [0, 6],
      ],
      [
        [3, 5],
        [0, 6],
      ],
      [
        [4, 6],
        [0, 6],
      ],
      [
        [11, 14],
        [11, 14],
      ],
      [[10, 13], [10, 14], { sources: [[11, 14]], stateWindow: [11, 14] }],
      [[12, 15], [10, 15], { sources: [[10, 14]], stateWindow: [11, 14] }],
      [
        [11, 14],
        [10, 15],
      ],
    ];
    check(set, rows);
    set.retireWindow(new TimeWindow(0, 6));
    expect(set.entries()).toEqual([[10, 15, 11, 14]]);
    expect(set.getStateWindow(new TimeWindow(0, 6))).toBeUndefined();
  });

  /** Facts of Apache Flink MergingWindowSetTest.java#testLateMerging. */
  it('moves the state of one window into another when an element bridges them', () => {
    check(newSet(), [
      [
        [0, 3],
        [0, 3],
      ],
      [
        [5, 8],
        [5, 8],
      ],
      [
        [10, 13],
        [10, 13],
      ],
      [
        [8, 10],
        [5, 13],
        {
          sources: [
            [5, 8],
            [10, 13],
          ],
          stateWindow: [5, 8],
          stateSources: [[10, 13]],
        },
      ],
    ]);
  });

  it('keeps the state window of a window that is added again after it grew', () => {
    const set = newSet();
    check(set, [
      [
        [0, 3],
        [0, 3],
      ],
      [[2, 5], [0, 5], { sources: [[0, 3]], stateWindow: [0, 3] }],
      [
        [0, 5],
        [0, 5],
      ],
    ]);
    expect(set.entries()).toEqual([[0, 5, 0, 3]]);
  });

  it('is restored from its entries and knows whether it has changed', () => {
    const set = newSet([[10, 15, 11, 14]]);
    expect(set.addWindow(new TimeWindow(10, 15), unexpected)).toEqual(new TimeWindow(10, 15));
    expect(set.changed).toBe(false);
    expect(set.getStateWindow(new TimeWindow(10, 15))).toEqual(new TimeWindow(11, 14));
    set.retireWindow(new TimeWindow(10, 15));
    expect(set.changed).toBe(true);
  });

  it('refuses windows that are not of time', () => {
    expect(() => newSet().addWindow(GlobalWindow.INSTANCE, unexpected)).toThrow('TimeWindow');
  });
});

function newSet(entries: readonly (readonly [number, number, number, number])[] = []): MergingWindowSet {
  const sessions = EventTimeSessionWindows.withGap(millis(3));
  // The set adds TimeWindows only.
  const mergeWindows = (
    windows: readonly unknown[],
    merge: (sources: readonly TimeWindow[], result: TimeWindow) => void,
  ) => sessions.mergeWindows(windows as readonly TimeWindow[], merge);
  return new MergingWindowSet({ mergeWindows }, entries);
}

function check(set: MergingWindowSet, rows: readonly Row[]): void {
  for (const [added, result, merge] of rows) {
    const merges: WindowMerge[] = [];
    expect(boundsOf(set.addWindow(new TimeWindow(...added), (each) => merges.push(each)))).toEqual(result);
    expect(merges.map((each) => boundsOf(each.result))).toEqual(merge === undefined ? [] : [result]);
    expect(merges[0]?.sources.map(boundsOf)).toEqual(merge?.sources);
    expect(merges[0]?.stateSources.map(boundsOf)).toEqual(merge && (merge.stateSources ?? []));
    if (merge !== undefined) expect(boundsOf(merges[0]!.stateWindow)).toEqual(merge.stateWindow);
  }
}

function boundsOf({ start, end }: TimeWindow): Bounds {
  return [start, end];
}

function unexpected(): never {
  throw new Error('no merge was expected');
}
