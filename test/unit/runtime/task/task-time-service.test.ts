import { describe, expect, it } from 'vitest';
import { TaskTimeService } from '../../../../lib/runtime/task/task-time-service.ts';

const clock = { now: () => 0, sleep: async () => {} };

describe('the time service of a task', () => {
  it('fires what is due, earliest first, and says when the next is due', () => {
    const time = new TaskTimeService(clock);
    const fired: number[] = [];
    for (const at of [30, 10, 20]) time.schedule(at, (due) => fired.push(due));
    expect(time.nextDue()).toBe(10);
    expect(time.fireDue(5)).toBe(false);
    expect(time.fireDue(20)).toBe(true);
    expect(fired).toEqual([10, 20]);
    expect(time.nextDue()).toBe(30);
  });

  it('never fires what was cancelled, not even by a callback due at the same moment', () => {
    const time = new TaskTimeService(clock);
    const fired: string[] = [];
    const second = time.schedule(2, () => fired.push('second'));
    time.schedule(1, () => {
      fired.push('first');
      second.cancel();
    });
    time.fireDue(10);
    expect(fired).toEqual(['first']);
    expect(time.nextDue()).toBeUndefined();
  });

  it('tells timers from looks: both fire, but nobody has to wake for a look', () => {
    const time = new TaskTimeService(clock);
    const fired: string[] = [];
    time.schedule(1, () => fired.push('look'), 'look');
    expect([time.nextDue(), time.nextDue('timers')]).toEqual([1, undefined]);
    time.schedule(2, () => fired.push('timer'), 'timer');
    expect([time.nextDue(), time.nextDue('timers')]).toEqual([1, 2]);
    time.fireDue(2);
    expect(fired).toEqual(['look', 'timer']);
  });

  it('keeps what a callback schedules for the next round', () => {
    const time = new TaskTimeService(clock);
    let count = 0;
    const again = (at: number) => {
      count++;
      time.schedule(at, again);
    };
    time.schedule(1, again);
    time.fireDue(1);
    expect(count).toBe(1);
    time.fireDue(1);
    expect(count).toBe(2);
  });
});
