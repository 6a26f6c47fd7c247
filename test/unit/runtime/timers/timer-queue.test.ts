import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalKey } from '../../../../lib/core/key.ts';
import { TimeWindow } from '../../../../lib/core/window/window.ts';
import type { Timer } from '../../../../lib/runtime/timers/timer-bucket.ts';
import { TimerQueue } from '../../../../lib/runtime/timers/timer-queue.ts';

type Command =
  | {
      readonly kind: 'add' | 'remove' | 'undo-remove';
      readonly time: number;
      readonly key: unknown;
      readonly window: TimeWindow | undefined;
    }
  | { readonly kind: 'take'; readonly limit: number };

const time = fc.integer({ min: -3, max: 6 });
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('add', 'add', 'remove', 'undo-remove'),
      time,
      key: fc.constantFrom<unknown>('a', 'b', 1, [1]),
      window: fc.constantFrom(undefined, new TimeWindow(0, 5), new TimeWindow(1, 5)),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('take' as const), limit: time }) },
);

/** Timers in a list, sorted whenever one is taken. */
class NaiveQueue {
  timers: Timer[] = [];

  find(at: {
    readonly time: number;
    readonly key: unknown;
    readonly window: TimeWindow | undefined;
  }): Timer | undefined {
    return this.timers.find(
      (t) => t.time === at.time && t.canonical === canonicalKey(at.key) && t.window === at.window,
    );
  }

  add(timer: Timer): void {
    this.timers.push(timer);
    this.timers.sort((a, b) => a.time - b.time || a.sequence - b.sequence);
  }

  remove(timer: Timer): void {
    this.timers = this.timers.filter((other) => other !== timer);
  }

  take(limit: number): Timer | undefined {
    const [first] = this.timers;
    if (first === undefined || first.time > limit) return undefined;
    this.remove(first);
    return first;
  }
}

function execute(command: Command, queue: TimerQueue, naive: NaiveQueue): void {
  if (command.kind === 'take') {
    expect(queue.take(command.limit)).toEqual(naive.take(command.limit));
    return;
  }
  const { kind, time, window, key } = command;
  const known = naive.find(command);
  const canonical = canonicalKey(key);
  expect(queue.has(time, window, canonical)).toBe(known !== undefined);
  if (kind === 'add') {
    const timer: Timer = { time, window, key, canonical, sequence: queue.nextSequence() };
    queue.add(timer);
    if (known === undefined) naive.add(timer);
    return;
  }
  expect(queue.remove(time, window, canonical)).toEqual(known);
  if (known === undefined) return;
  if (kind === 'remove') naive.remove(known);
  else queue.add(known);
}

describe('TimerQueue', () => {
  it('agrees with a sorted list', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 120 }), (commands) => {
        const queue = new TimerQueue({ trackChanges: false });
        const naive = new NaiveQueue();
        for (const one of commands) {
          execute(one, queue, naive);
          expect(queue.size).toBe(naive.timers.length);
          expect(queue.nextTime()).toBe(naive.timers[0]?.time);
        }
        expect(queue.inOrder()).toEqual(naive.timers);
      }),
    );
  });

  it('hands out many timers of many times in order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(50), fc.nat(5))), (pairs) => {
        const queue = new TimerQueue({ trackChanges: false });
        for (const [time, key] of pairs) {
          queue.add({ time, window: undefined, key, canonical: key, sequence: queue.nextSequence() });
        }
        const expected = queue.inOrder();
        const taken = Array.from({ length: queue.size }, () => queue.take(Number.POSITIVE_INFINITY));
        expect(taken).toEqual(expected);
        expect(queue.take(Number.POSITIVE_INFINITY)).toBeUndefined();
      }),
    );
  });

  it('counts timers by window', () => {
    const queue = new TimerQueue({ trackChanges: false });
    const add = (window: TimeWindow, key: string) =>
      queue.add({ time: 10, window, key, canonical: key, sequence: queue.nextSequence() });
    add(new TimeWindow(0, 1), 'a');
    add(new TimeWindow(0, 1), 'b');
    add(new TimeWindow(0, 2), 'a');
    expect([queue.size, queue.count(new TimeWindow(0, 1)), queue.count(new TimeWindow(0, 2))]).toEqual([
      3, 2, 1,
    ]);
  });

  it('stays fast when timers of one time are taken one by one, and when timers move again and again', () => {
    const queue = new TimerQueue({ trackChanges: false });
    const count = 50_000;
    for (let key = 0; key < count; key++) {
      queue.add({ time: 0, window: undefined, key, canonical: key, sequence: queue.nextSequence() });
      queue.add({
        time: key + 1,
        window: undefined,
        key: 'mover',
        canonical: 'mover',
        sequence: queue.nextSequence(),
      });
      queue.remove(key, undefined, 'mover');
    }
    for (let key = 0; key < count; key++) expect(queue.take(0)?.key).toBe(key);
    expect(queue.take(count)?.key).toBe('mover');
    expect(queue.size).toBe(0);
  });
});
