import { describe, expect, it } from 'vitest';
import { ManualProcessingTime } from '../../../lib/testing/manual-processing-time.ts';

describe('manual processing time', () => {
  it('starts_at_zero_and_stands_still', () => {
    expect(new ManualProcessingTime().now()).toBe(0);
  });

  it('fires_what_is_due_earliest_first_with_its_own_time', () => {
    const clock = new ManualProcessingTime();
    const fired: [number, number][] = [];
    for (const time of [30, 10, 20]) clock.schedule(time, (due) => fired.push([due, clock.now()]));
    clock.advanceTo(20);
    expect(fired).toEqual([
      [10, 20],
      [20, 20],
    ]);
    expect(clock.numPendingCallbacks).toBe(1);
  });

  it('fires_what_a_callback_schedules_if_it_is_due_too', () => {
    const clock = new ManualProcessingTime();
    const fired: number[] = [];
    clock.schedule(1, () => clock.schedule(2, (due) => fired.push(due)));
    clock.advanceTo(5);
    expect(fired).toEqual([2]);
  });

  it('forgets_a_cancelled_callback', () => {
    const clock = new ManualProcessingTime();
    const fired: number[] = [];
    clock.schedule(1, (due) => fired.push(due)).cancel();
    clock.advanceTo(5);
    expect(fired).toEqual([]);
  });
});
