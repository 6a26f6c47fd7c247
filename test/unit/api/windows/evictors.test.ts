import { describe, expect, it } from 'vitest';
import { CountEvictor } from '../../../../lib/api/windows/count-evictor.ts';
import { DeltaEvictor } from '../../../../lib/api/windows/delta-evictor.ts';
import { TimeEvictor } from '../../../../lib/api/windows/time-evictor.ts';
import { millis } from '../../../../lib/core/duration.ts';
import { NO_TIMESTAMP } from '../../../../lib/core/time.ts';
import type { Evictor } from '../../../../lib/core/window/evictor.ts';
import { GlobalWindow, type Window } from '../../../../lib/core/window/window.ts';

const CONTEXT = { currentProcessingTime: () => 0, currentWatermark: () => 0 };
const distance = (old: number, newest: number) => newest - old;

describe('evictors', () => {
  it('CountEvictor keeps the last elements', () => {
    expect(kept(CountEvictor.of(2), [1, 2, 3])).toEqual([
      [2, 3],
      [1, 2, 3],
    ]);
    expect(kept(CountEvictor.of(4), [1, 2, 3])).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(kept(CountEvictor.of(2, true), [1, 2, 3])).toEqual([
      [1, 2, 3],
      [2, 3],
    ]);
  });

  it('TimeEvictor keeps what is newer than the newest element less the duration', () => {
    expect(kept(TimeEvictor.of(millis(10)), [20, 9, 10, 11])).toEqual([
      [20, 11],
      [20, 9, 10, 11],
    ]);
    expect(kept(TimeEvictor.of(millis(10), true), [20, 9, 11])).toEqual([
      [20, 9, 11],
      [20, 11],
    ]);
  });

  it('TimeEvictor keeps elements without timestamps', () => {
    const elements = [1, 2].map((value) => ({ value, timestamp: NO_TIMESTAMP }));
    expect(TimeEvictor.of(millis(1)).evictBefore(elements)).toEqual(elements);
  });

  it('DeltaEvictor keeps what is nearer to the last element than the threshold', () => {
    expect(kept(DeltaEvictor.of(2, distance), [1, 5, 3, 4, 5])).toEqual([
      [5, 4, 5],
      [1, 5, 3, 4, 5],
    ]);
    expect(kept(DeltaEvictor.of(2, distance, true), [3, 5])).toEqual([[3, 5], [5]]);
    expect(kept(DeltaEvictor.of(2, distance), [])).toEqual([[], []]);
  });

  it.each<[string, () => unknown]>([
    ['a negative count', () => CountEvictor.of(-1)],
    ['a duration of zero', () => TimeEvictor.of(millis(0))],
    ['a threshold that is no number', () => DeltaEvictor.of(Number.NaN, distance)],
  ])('refuse %s', (_, construct) => {
    expect(construct).toThrow(expect.objectContaining({ code: 'WINDOW_INVALID' }));
  });
});

/** What is left before and after the window function; the values are the timestamps too. */
function kept(evictor: Evictor<number, Window>, values: readonly number[]): readonly (readonly number[])[] {
  const elements = values.map((value) => ({ value, timestamp: value }));
  return [
    evictor.evictBefore(elements, GlobalWindow.INSTANCE, CONTEXT).map(({ value }) => value),
    evictor.evictAfter(elements, GlobalWindow.INSTANCE, CONTEXT).map(({ value }) => value),
  ];
}
