import { describe, expect, it } from 'vitest';
import { MIN_TIMESTAMP } from '../../../../lib/core/time.ts';
import { GlobalWindow, TimeWindow, type Window } from '../../../../lib/core/window/window.ts';
import { EventTime } from '../../../../lib/runtime/event-time.ts';
import { HeapKeyedStateBackend } from '../../../../lib/runtime/state/heap-keyed-state-backend.ts';
import { TaskTimeService } from '../../../../lib/runtime/task/task-time-service.ts';
import { UndoJournal } from '../../../../lib/runtime/task/undo-journal.ts';
import { HeapTimerService } from '../../../../lib/runtime/timers/heap-timer-service.ts';
import { ManualProcessingTime } from '../../../../lib/testing/manual-processing-time.ts';

/** Windows that stand for the namespaces of Flink's tests. */
const CIAO = new TimeWindow(0, 1);
const HELLO = new TimeWindow(0, 2);

interface Fired {
  readonly key: unknown;
  readonly time: number;
  readonly window?: Window | undefined;
}

class Fixture {
  readonly fired: (readonly [domain: string, fired: Fired])[] = [];
  readonly backend: HeapKeyedStateBackend;
  readonly timers: HeapTimerService;
  readonly clock: ManualProcessingTime;
  onFire: (fired: Fired) => void = () => {};

  constructor(options: { readonly clock?: ManualProcessingTime; readonly journal?: UndoJournal } = {}) {
    const journal = options.journal;
    this.clock = options.clock ?? new ManualProcessingTime();
    this.backend = new HeapKeyedStateBackend({
      ...{ operatorLabel: 'op', journal, freeze: false, trackChanges: true },
    });
    this.timers = new HeapTimerService({
      target: {
        onEventTime: (time, window) => this.#onFire('event', time, window),
        onProcessingTime: (time, window) => this.#onFire('processing', time, window),
      },
      backend: this.backend,
      processingTime: this.clock,
      eventTime: new EventTime({ journal, maxParallelism: 128 }),
      journal,
      trackChanges: true,
    });
  }

  #onFire(domain: string, time: number, window: Window | undefined): void {
    const fired = { key: this.backend.currentKey, time, window };
    this.fired.push([domain, fired]);
    this.onFire(fired);
  }

  at(key: unknown): HeapTimerService {
    this.backend.setCurrentKey(key);
    return this.timers;
  }

  firedKeys(): unknown[] {
    return this.fired.map(([, { key }]) => key);
  }
}

// Apache Flink InternalTimerServiceImplTest.java
describe('timers of keys and windows', () => {
  it('are separate timers that all fire', () => {
    const { timers, fired, ...fixture } = new Fixture();
    for (const key of ['k1', 'k2']) {
      fixture.backend.setCurrentKey(key);
      timers.registerEventTimeTimer(CIAO, 10);
      timers.registerEventTimeTimer(HELLO, 10);
    }
    expect(timers.numEventTimeTimers()).toBe(4);
    expect([timers.numEventTimeTimers(HELLO), timers.numEventTimeTimers(CIAO)]).toEqual([2, 2]);
    timers.advanceWatermark(10);
    expect(timers.numEventTimeTimers()).toBe(0);
    expect(fired.map(([, { key, time, window }]) => [key, window, time])).toEqual([
      ['k1', CIAO, 10],
      ['k1', HELLO, 10],
      ['k2', CIAO, 10],
      ['k2', HELLO, 10],
    ]);
  });

  it('do not fire once deleted', () => {
    const fixture = new Fixture();
    for (const key of ['k1', 'k2']) {
      fixture.at(key).registerEventTimeTimer(CIAO, 10);
      fixture.at(key).registerEventTimeTimer(HELLO, 10);
    }
    fixture.at('k1').deleteEventTimeTimer(HELLO, 10);
    fixture.at('k2').deleteEventTimeTimer(CIAO, 10);
    const { timers } = fixture;
    expect([
      timers.numEventTimeTimers(),
      timers.numEventTimeTimers(HELLO),
      timers.numEventTimeTimers(CIAO),
    ]).toEqual([2, 1, 1]);
    timers.advanceWatermark(10);
    expect(fixture.fired.map(([, { key, window }]) => [key, window])).toEqual([
      ['k1', CIAO],
      ['k2', HELLO],
    ]);
  });

  it('have one pending callback of the clock, for the earliest processing-time timer', () => {
    const fixture = new Fixture();
    const { timers, clock } = fixture;
    const counts = () => [
      timers.numProcessingTimeTimers(),
      timers.numProcessingTimeTimers(HELLO),
      timers.numProcessingTimeTimers(CIAO),
      clock.numPendingCallbacks,
    ];
    fixture.at('k');
    for (const time of [10, 20, 30]) timers.registerProcessingTimeTimer(CIAO, time);
    for (const time of [10, 20]) timers.registerProcessingTimeTimer(HELLO, time);
    expect(counts()).toEqual([5, 2, 3, 1]);
    clock.advanceTo(10);
    expect(counts()).toEqual([3, 1, 2, 1]);
    clock.advanceTo(20);
    expect(counts()).toEqual([1, 0, 1, 1]);
    clock.advanceTo(30);
    expect(counts()).toEqual([0, 0, 0, 0]);
    timers.registerProcessingTimeTimer(CIAO, 40);
    expect(counts()).toEqual([1, 0, 1, 1]);
  });
});

describe('event-time timers', () => {
  it('fire in order of time, then of registration, with their key set', () => {
    const fixture = new Fixture();
    fixture.at('late').registerEventTimeTimer(undefined, 20);
    fixture.at('b').registerEventTimeTimer(undefined, 10);
    fixture.at(['a', 1]).registerEventTimeTimer(undefined, 10);
    fixture.at('later').registerEventTimeTimer(undefined, 21);
    fixture.timers.advanceWatermark(20);
    expect(fixture.firedKeys()).toEqual(['b', ['a', 1], 'late']);
    expect(fixture.timers.currentWatermark()).toBe(20);
  });

  it('are registered once per time, key and window', () => {
    const fixture = new Fixture();
    for (const key of [[1], [1], 'a', 'a']) fixture.at(key).registerEventTimeTimer(undefined, 10);
    for (const window of [GlobalWindow.INSTANCE, new GlobalWindow()])
      fixture.at('a').registerEventTimeTimer(window, 10);
    expect(fixture.timers.numEventTimeTimers()).toBe(3);
  });

  it('that are registered while timers fire, and due, fire in the same round', () => {
    const fixture = new Fixture();
    fixture.onFire = ({ time }) => {
      if (time < 14) fixture.timers.registerEventTimeTimer(undefined, time + 2);
      if (time === 12) fixture.timers.registerEventTimeTimer(undefined, 3);
    };
    fixture.at('a').registerEventTimeTimer(undefined, 10);
    fixture.at('b').registerEventTimeTimer(undefined, 13);
    fixture.timers.advanceWatermark(15);
    expect(fixture.fired.map(([, { key, time }]) => `${key}${time}`)).toEqual([
      'a10',
      'a12',
      'a3',
      'a5',
      'a7',
      'a9',
      'a11',
      'b13',
      'a13',
      'a14',
      'b15',
      'a15',
    ]);
    expect(fixture.timers.numEventTimeTimers()).toBe(0);
  });

  it('that an earlier timer deletes do not fire', () => {
    const fixture = new Fixture();
    fixture.onFire = ({ key }) => {
      if (key === 'a') fixture.at('b').deleteEventTimeTimer(undefined, 10);
    };
    for (const key of ['a', 'b', 'c']) fixture.at(key).registerEventTimeTimer(undefined, 10);
    fixture.timers.advanceWatermark(10);
    expect(fixture.firedKeys()).toEqual(['a', 'c']);
  });

  it('behind the watermark wait for the next one', () => {
    const fixture = new Fixture();
    fixture.timers.advanceWatermark(100);
    fixture.at('a').registerEventTimeTimer(undefined, 50);
    expect(fixture.fired).toEqual([]);
    fixture.timers.advanceWatermark(101);
    expect(fixture.firedKeys()).toEqual(['a']);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1.5])('cannot be registered for %s', (time) => {
    const fixture = new Fixture();
    const invalid = expect.objectContaining({ code: 'TIMESTAMP_INVALID' });
    expect(() => fixture.at('a').registerEventTimeTimer(undefined, time)).toThrow(invalid);
    expect(() => fixture.at('a').registerProcessingTimeTimer(undefined, time)).toThrow(invalid);
  });

  it('need a key', () => {
    expect(() => new Fixture().timers.registerEventTimeTimer(undefined, 1)).toThrow(
      expect.objectContaining({ code: 'STATE_WITHOUT_KEY' }),
    );
  });
});

describe('processing-time timers', () => {
  it('fire all in one round when the clock has run past several', () => {
    const fixture = new Fixture();
    for (const time of [30, 10, 20]) fixture.at(`k${time}`).registerProcessingTimeTimer(undefined, time);
    fixture.clock.advanceTo(25);
    expect(fixture.firedKeys()).toEqual(['k10', 'k20']);
    expect(fixture.clock.numPendingCallbacks).toBe(1);
  });

  it('fire all in one round even if the task runs each due callback once', () => {
    let now = 0;
    const clock = new TaskTimeService({ now: () => now, sleep: () => Promise.resolve() });
    const backend = new HeapKeyedStateBackend({
      ...{ operatorLabel: 'op', journal: undefined, freeze: false, trackChanges: false },
    });
    const fired: number[] = [];
    const timers = new HeapTimerService({
      target: { onEventTime: () => {}, onProcessingTime: (time) => fired.push(time) },
      backend,
      processingTime: clock,
      eventTime: new EventTime({ journal: undefined, maxParallelism: 128 }),
      journal: undefined,
      trackChanges: false,
    });
    backend.setCurrentKey('a');
    for (const time of [1, 2, 3, 9]) timers.registerProcessingTimeTimer(undefined, time);
    now = 5;
    clock.fireDue(now);
    expect(fired).toEqual([1, 2, 3]);
    expect(clock.nextDue()).toBe(9);
  });

  it('keep one pending callback when they register and delete each other', () => {
    const fixture = new Fixture();
    fixture.onFire = ({ time }) => {
      fixture.timers.registerProcessingTimeTimer(undefined, time + 10);
      expect(fixture.clock.numPendingCallbacks).toBe(0);
    };
    fixture.at('a').registerProcessingTimeTimer(undefined, 10);
    fixture.clock.advanceTo(35);
    expect(fixture.fired.map(([, { time }]) => time)).toEqual([10, 20, 30]);
    expect(fixture.clock.numPendingCallbacks).toBe(1);
    fixture.at('a').deleteProcessingTimeTimer(undefined, 40);
    expect(fixture.clock.numPendingCallbacks).toBe(0);
  });

  it('move the callback to an earlier timer and back', () => {
    const fixture = new Fixture();
    fixture.at('a').registerProcessingTimeTimer(undefined, 50);
    fixture.at('a').registerProcessingTimeTimer(undefined, 20);
    fixture.at('a').deleteProcessingTimeTimer(undefined, 20);
    fixture.clock.advanceTo(49);
    expect(fixture.fired).toEqual([]);
    fixture.clock.advanceTo(50);
    expect(fixture.firedKeys()).toEqual(['a']);
  });

  it('leave no callback behind when closed', () => {
    const fixture = new Fixture();
    fixture.at('a').registerProcessingTimeTimer(undefined, 50);
    fixture.timers.close();
    expect(fixture.clock.numPendingCallbacks).toBe(0);
  });

  it('go on with the next callback after one has thrown', () => {
    const fixture = new Fixture();
    fixture.onFire = () => {
      throw new Error('boom');
    };
    fixture.at('a').registerProcessingTimeTimer(undefined, 1);
    fixture.at('a').registerProcessingTimeTimer(undefined, 2);
    expect(() => fixture.clock.advanceTo(2)).toThrow('boom');
    expect(fixture.timers.numProcessingTimeTimers()).toBe(1);
    expect(fixture.clock.numPendingCallbacks).toBe(1);
  });
});

describe('state of timers', () => {
  it('keep order, windows and keys', () => {
    const fixture = new Fixture();
    fixture.timers.advanceWatermark(5);
    fixture.at('b').registerEventTimeTimer(CIAO, 10);
    fixture.at(['a', 1]).registerEventTimeTimer(HELLO, 10);
    fixture.at('c').registerEventTimeTimer(GlobalWindow.INSTANCE, 9);
    fixture.at('d').registerProcessingTimeTimer(undefined, 7);
    const timers = fixture.timers.collectState('all');
    expect(timers).toEqual([
      { op: 'add', domain: 'event', key: 'c', namespace: 'global', time: 9 },
      { op: 'add', domain: 'event', key: 'b', namespace: [0, 1], time: 10 },
      { op: 'add', domain: 'event', key: ['a', 1], namespace: [0, 2], time: 10 },
      { op: 'add', domain: 'processing', key: 'd', namespace: undefined, time: 7 },
    ]);

    const copy = new Fixture();
    copy.timers.applyState(timers);
    copy.timers.open();
    expect(copy.timers.collectState('all')).toEqual(timers);
    expect(copy.timers.collectState('changes')).toEqual([]);
    expect(copy.backend.currentKey).toBeUndefined();
    copy.timers.advanceWatermark(10);
    expect(copy.firedKeys()).toEqual(['c', 'b', ['a', 1]]);
    expect(new Fixture().timers.currentWatermark()).toBe(MIN_TIMESTAMP);
  });

  it('restore overdue processing-time timers so that they fire at once', () => {
    const fixture = new Fixture({ clock: new ManualProcessingTime(1000) });
    fixture.timers.applyState([
      { op: 'add', domain: 'processing', key: 'a', namespace: undefined, time: 3 },
      { op: 'add', domain: 'processing', key: 'b', namespace: undefined, time: 1001 },
    ]);
    expect(fixture.clock.numPendingCallbacks).toBe(0);
    fixture.timers.open();
    fixture.clock.advanceTo(1000);
    expect(fixture.firedKeys()).toEqual(['a']);
  });
});

describe('timers under a journal', () => {
  it('are as before after a failed record, in the same order', () => {
    const journal = new UndoJournal();
    const fixture = new Fixture({ journal });
    const { timers } = fixture;
    timers.advanceWatermark(1);
    for (const key of ['a', 'b', 'c']) {
      fixture.at(key).registerEventTimeTimer(undefined, 10);
      fixture.at(key).registerProcessingTimeTimer(undefined, 10);
    }
    const before = timers.collectState('all');
    journal.guard(
      () => {
        fixture.at('a').deleteEventTimeTimer(undefined, 10);
        fixture.at('a').registerEventTimeTimer(undefined, 10);
        fixture.at('b').deleteProcessingTimeTimer(undefined, 10);
        fixture.at('b').registerProcessingTimeTimer(undefined, 5);
        timers.advanceWatermark(10);
        throw new Error('poison');
      },
      () => {},
    );
    expect(timers.collectState('all')).toEqual(before);
    expect(timers.currentWatermark()).toBe(1);
    fixture.clock.advanceTo(9);
    fixture.fired.length = 0;
    timers.advanceWatermark(10);
    expect(fixture.firedKeys()).toEqual(['a', 'b', 'c']);
    expect(fixture.clock.numPendingCallbacks).toBe(1);
  });
});
