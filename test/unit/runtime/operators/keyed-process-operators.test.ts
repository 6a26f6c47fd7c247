import { describe, expect, it } from 'vitest';
import type {
  KeyedCoProcessFunction,
  KeyedProcessContext,
  KeyedProcessFunction,
} from '../../../../lib/core/functions/process-function.ts';
import { OutputTag } from '../../../../lib/core/output-tag.ts';
import {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  type ValueState,
  ValueStateDescriptor,
} from '../../../../lib/core/state.ts';
import { KeyedCoProcessOperator } from '../../../../lib/runtime/operators/keyed-co-process-operator.ts';
import { KeyedProcessOperator } from '../../../../lib/runtime/operators/keyed-process-operator.ts';
import { UndoJournal } from '../../../../lib/runtime/task/undo-journal.ts';
import { type Emitted, type FixtureOptions, given, OperatorFixture, type Step } from './operator-fixture.ts';

type Fn = KeyedProcessFunction<unknown, unknown, unknown>;
type CoFn = KeyedCoProcessFunction<unknown, unknown, unknown, unknown>;
type Context = KeyedProcessContext<unknown>;

interface Case<F> {
  readonly name: string;
  readonly fn: F;
  readonly steps: readonly Step[];
  readonly expected: readonly Emitted[];
}

const S = new ValueStateDescriptor<unknown>('s');

function open(fn: Fn, options: FixtureOptions = {}, keySelector = (value: unknown) => value) {
  return OperatorFixture.open(
    (context) => new KeyedProcessOperator({ kind: 'keyedProcess', keySelector, fn: given(fn) }, context),
    options,
  );
}

function openTwo(fn: CoFn) {
  const keySelectors = [String, String] as const;
  return OperatorFixture.open(
    (context) => new KeyedCoProcessOperator({ kind: 'keyedCoProcess', keySelectors, fn: given(fn) }, context),
  );
}

/** Emits and remembers the first record of a key, forgets it at the next and deletes the timer. */
function firstThenTimer(domain: 'event' | 'processing', label = 'INPUT') {
  return (value: unknown, context: Context, out: { collect(value: unknown): void }) => {
    const { timerService: timers } = context;
    const now = domain === 'event' ? timers.currentWatermark() : timers.currentProcessingTime();
    const state = context.getState(S);
    if (state.value() === undefined) {
      out.collect(`${label}:${String(value)}`);
      state.update(value);
      if (domain === 'event') timers.registerEventTimeTimer(now + 5);
      else timers.registerProcessingTimeTimer(now + 5);
    } else {
      state.clear();
      if (domain === 'event') timers.deleteEventTimeTimer(now + 4);
      else timers.deleteProcessingTimeTimer(now + 4);
    }
  };
}

const emitState: NonNullable<Fn['onTimer']> = (_, context, out) => {
  out.collect(`STATE:${String(context.getState(S).value())}`);
};

const emitDomain: NonNullable<Fn['onTimer']> = (_, context, out) => {
  out.collect(context.timeDomain === 'event-time' ? 'EVENT:1777' : 'PROC:1777');
};

// Apache Flink KeyedProcessOperatorTest.java
const CASES: readonly Case<Fn>[] = [
  {
    name: 'shows the watermark and the timestamp of the record',
    fn: {
      processElement: (v, { timerService, timestamp }, out) =>
        out.collect(`${v}TIME:${timerService.currentWatermark()} TS:${timestamp}`),
    },
    steps: [
      { watermark: 17 },
      { element: 5, timestamp: 12 },
      { watermark: 42 },
      { element: 6, timestamp: 13 },
    ],
    expected: [
      { watermark: 17 },
      { record: '5TIME:17 TS:12', timestamp: 12 },
      { watermark: 42 },
      { record: '6TIME:42 TS:13', timestamp: 13 },
    ],
  },
  {
    name: 'shows processing time, and no timestamp for a record without one',
    fn: {
      processElement: (v, { timerService, timestamp }, out) =>
        out.collect(`${v}TIME:${timerService.currentProcessingTime()} TS:${timestamp ?? 'null'}`),
    },
    steps: [{ processingTime: 17 }, { element: 5 }, { processingTime: 42 }, { element: 6 }],
    expected: [{ record: '5TIME:17 TS:null' }, { record: '6TIME:42 TS:null' }],
  },
  {
    name: 'fires an event-time timer before it forwards the watermark',
    fn: {
      processElement: (v, { timerService }, out) => {
        out.collect(v);
        timerService.registerEventTimeTimer(timerService.currentWatermark() + 5);
      },
      onTimer: (_, __, out) => out.collect(1777),
    },
    steps: [{ watermark: 0 }, { element: 17, timestamp: 42 }, { watermark: 5 }],
    expected: [
      { watermark: 0 },
      { record: 17, timestamp: 42 },
      { record: 1777, timestamp: 5 },
      { watermark: 5 },
    ],
  },
  {
    name: 'gives results of a processing-time timer no timestamp',
    fn: {
      processElement: (v, { timerService }, out) => {
        out.collect(v);
        timerService.registerProcessingTimeTimer(timerService.currentProcessingTime() + 5);
      },
      onTimer: (_, __, out) => out.collect(1777),
    },
    steps: [{ element: 17 }, { processingTime: 5 }],
    expected: [{ record: 17 }, { record: 1777 }],
  },
  {
    name: 'keeps state and event-time timers per key and deletes exactly the timer that is named',
    fn: { processElement: firstThenTimer('event'), onTimer: emitState },
    steps: [
      { watermark: 1 },
      { element: 17, timestamp: 0 },
      { element: 13, timestamp: 0 },
      { watermark: 2 },
      { element: 42, timestamp: 1 },
      { element: 13, timestamp: 1 },
      { watermark: 6 },
      { watermark: 7 },
    ],
    expected: [
      { watermark: 1 },
      { record: 'INPUT:17', timestamp: 0 },
      { record: 'INPUT:13', timestamp: 0 },
      { watermark: 2 },
      { record: 'INPUT:42', timestamp: 1 },
      { record: 'STATE:17', timestamp: 6 },
      { watermark: 6 },
      { record: 'STATE:42', timestamp: 7 },
      { watermark: 7 },
    ],
  },
  {
    name: 'does the same in processing time',
    fn: { processElement: firstThenTimer('processing'), onTimer: emitState },
    steps: [
      { processingTime: 1 },
      { element: 17 },
      { element: 13 },
      { processingTime: 2 },
      { element: 13 },
      { element: 42 },
      { processingTime: 6 },
      { processingTime: 7 },
    ],
    expected: ['INPUT:17', 'INPUT:13', 'INPUT:42', 'STATE:17', 'STATE:42'].map((record) => ({ record })),
  },
  {
    name: 'restores timers of both domains and forgets deleted ones',
    fn: {
      processElement: (_, { timerService: timers }) => {
        timers.registerProcessingTimeTimer(3);
        timers.registerEventTimeTimer(4);
        timers.registerProcessingTimeTimer(5);
        timers.registerEventTimeTimer(6);
        timers.deleteProcessingTimeTimer(3);
        timers.deleteEventTimeTimer(4);
      },
      onTimer: emitDomain,
    },
    steps: [
      { element: 5, timestamp: 12 },
      { snapshotRestore: true },
      { processingTime: 5 },
      { watermark: 6 },
    ],
    expected: [{ record: 'PROC:1777' }, { record: 'EVENT:1777', timestamp: 6 }, { watermark: 6 }],
  },
];

// Apache Flink KeyedCoProcessOperatorTest.java
const CO_CASES: readonly Case<CoFn>[] = [
  {
    name: 'has the least watermark of its inputs, forwarded once',
    fn: {
      processElement1: (v, c, out) =>
        out.collect(`${v}WM:${c.timerService.currentWatermark()} TS:${c.timestamp}`),
      processElement2: (v, c, out) =>
        out.collect(`${v}WM:${c.timerService.currentWatermark()} TS:${c.timestamp}`),
    },
    steps: [
      { watermark: 17, input: 1 },
      { watermark: 17, input: 2 },
      { element: 5, timestamp: 12, input: 1 },
      { watermark: 42, input: 1 },
      { watermark: 42, input: 2 },
      { element: '6', timestamp: 13, input: 2 },
    ],
    expected: [
      { watermark: 17 },
      { record: '5WM:17 TS:12', timestamp: 12 },
      { watermark: 42 },
      { record: '6WM:42 TS:13', timestamp: 13 },
    ],
  },
  {
    name: 'fires event-time timers of both inputs',
    fn: {
      processElement1: (v, { timerService }, out) => {
        out.collect(`INPUT1:${v}`);
        timerService.registerEventTimeTimer(5);
      },
      processElement2: (v, { timerService }, out) => {
        out.collect(`INPUT2:${v}`);
        timerService.registerEventTimeTimer(6);
      },
      onTimer: (_, { currentKey }, out) => out.collect(`${currentKey}:1777`),
    },
    steps: [
      { element: 17, timestamp: 42, input: 1 },
      { element: '18', timestamp: 42, input: 2 },
      { watermark: 5, input: 1 },
      { watermark: 5, input: 2 },
      { watermark: 6, input: 1 },
      { watermark: 6, input: 2 },
    ],
    expected: [
      { record: 'INPUT1:17', timestamp: 42 },
      { record: 'INPUT2:18', timestamp: 42 },
      { record: '17:1777', timestamp: 5 },
      { watermark: 5 },
      { record: '18:1777', timestamp: 6 },
      { watermark: 6 },
    ],
  },
  {
    name: 'shares keyed state between its inputs',
    fn: {
      processElement1: firstThenTimer('event', 'INPUT1'),
      processElement2: firstThenTimer('event', 'INPUT2'),
      onTimer: emitState,
    },
    steps: [
      { watermark: 1, input: 1 },
      { watermark: 1, input: 2 },
      { element: 17, timestamp: 0, input: 1 },
      { element: 13, timestamp: 0, input: 1 },
      { watermark: 2, input: 1 },
      { watermark: 2, input: 2 },
      { element: 13, timestamp: 1, input: 1 },
      { element: '42', timestamp: 1, input: 2 },
      { watermark: 6, input: 1 },
      { watermark: 6, input: 2 },
      { watermark: 7, input: 1 },
      { watermark: 7, input: 2 },
    ],
    expected: [
      { watermark: 1 },
      { record: 'INPUT1:17', timestamp: 0 },
      { record: 'INPUT1:13', timestamp: 0 },
      { watermark: 2 },
      { record: 'INPUT2:42', timestamp: 1 },
      { record: 'STATE:17', timestamp: 6 },
      { watermark: 6 },
      { record: 'STATE:42', timestamp: 7 },
      { watermark: 7 },
    ],
  },
  {
    name: 'restores one set of timers for a key of both inputs',
    fn: {
      processElement1: (_, { timerService: timers }) => {
        timers.registerProcessingTimeTimer(3);
        timers.registerEventTimeTimer(6);
        timers.deleteProcessingTimeTimer(3);
      },
      processElement2: (_, { timerService: timers }) => {
        timers.registerEventTimeTimer(4);
        timers.registerProcessingTimeTimer(5);
        timers.deleteEventTimeTimer(4);
      },
      onTimer: emitDomain,
    },
    steps: [
      { element: 5, timestamp: 12, input: 1 },
      { element: '5', timestamp: 12, input: 2 },
      { snapshotRestore: true },
      { processingTime: 5 },
      { watermark: 6, input: 1 },
      { watermark: 6, input: 2 },
    ],
    expected: [{ record: 'PROC:1777' }, { record: 'EVENT:1777', timestamp: 6 }, { watermark: 6 }],
  },
  {
    name: 'shows the current key',
    fn: {
      processElement1: (v, { currentKey }, out) => out.collect(`${v},${currentKey}`),
      processElement2: (v, { currentKey }, out) => out.collect(`${v},${currentKey}`),
    },
    steps: [
      { element: 5, input: 1 },
      { element: 6, input: 1 },
      { element: 'hello', input: 2 },
      { element: 'world', input: 2 },
    ],
    expected: ['5,5', '6,6', 'hello,hello', 'world,world'].map((record) => ({ record })),
  },
];

describe('KeyedProcessOperator', () => {
  it.each(CASES)('$name', async ({ fn, steps, expected }) => {
    expect(await (await open(fn)).run(steps)).toEqual(expected);
  });

  it.each(CASES)('$name, restored between all steps', async ({ fn, steps, expected }) => {
    const restarts = steps.flatMap((step): Step[] => [step, { snapshotRestore: true }]);
    expect(await (await open(fn, { freezeState: true })).run(restarts)).toEqual(expected);
  });

  it('shows the key that the key selector gave', async () => {
    const keys: unknown[] = [];
    const fn: Fn = { processElement: (_, { currentKey }) => keys.push(currentKey) };
    const fixture = await open(fn, {}, (value) => ({ id: value }));
    await fixture.run([{ element: 5 }, { element: 42 }]);
    expect(keys).toEqual([{ id: 5 }, { id: 42 }]);
  });

  it('gives side outputs the timestamp of the record', async () => {
    const [ints, longs, unread] = ['int-out', 'long-out', 'unread'].map((id) => new OutputTag<unknown>(id));
    const fn: Fn = {
      processElement: (v, context, out) => {
        out.collect(`IN:${v}`);
        for (const tag of [ints, longs, unread]) context.output(tag!, v);
      },
    };
    const fixture = await open(fn, { sideOutputs: ['int-out', 'long-out'] });
    await fixture.run([{ element: 42, timestamp: 17 }]);
    expect(fixture.emitted).toEqual([{ record: 'IN:42', timestamp: 17 }]);
    for (const side of fixture.sides.values()) expect(side.emitted).toEqual([{ record: 42, timestamp: 17 }]);
  });

  it.each([null, undefined, 'late', { id: 'late' }])('refuses %s as an output tag', async (tag) => {
    // What a caller without types might pass.
    const fn: Fn = { processElement: (v, context) => context.output(tag as never, v) };
    const fixture = await open(fn);
    await expect(fixture.run([{ element: 5 }])).rejects.toThrow(
      expect.objectContaining({
        code: 'OUTPUT_TAG_INVALID',
        message: expect.stringContaining("'the operator'"),
      }),
    );
  });

  it('opens every kind of state for the current key, in open and in the context', async () => {
    let first: ValueState<number> | undefined;
    const descriptors = {
      value: new ValueStateDescriptor<number>('v'),
      list: new ListStateDescriptor<number>('l'),
      map: new MapStateDescriptor<string, number>('m'),
      sum: new ReducingStateDescriptor<number>('r', (a, b) => a + b),
      count: new AggregatingStateDescriptor<number, number, number>('a', {
        createAccumulator: () => 0,
        add: (a) => a + 1,
        getResult: (a) => a,
      }),
    };
    const fn: Fn = {
      open: (context) => {
        first = context.getState(descriptors.value);
        for (const handle of [
          context.getListState(descriptors.list),
          context.getMapState(descriptors.map),
          context.getReducingState(descriptors.sum),
          context.getAggregatingState(descriptors.count),
        ])
          expect(handle).toBeDefined();
      },
      processElement: (value, context, out) => {
        expect(context.getState(descriptors.value)).toBe(first);
        first?.update((first.value() ?? 0) + 1);
        context.getListState(descriptors.list).add(1);
        context.getMapState(descriptors.map).put('k', 2);
        context.getReducingState(descriptors.sum).add(3);
        context.getAggregatingState(descriptors.count).add(4);
        out.collect([
          value,
          first?.value(),
          context.getListState(descriptors.list).get().length,
          context.getMapState(descriptors.map).get('k'),
          context.getReducingState(descriptors.sum).get(),
          context.getAggregatingState(descriptors.count).get(),
        ]);
      },
    };
    const emitted = await (await open(fn)).run([{ element: 'a' }, { element: 'a' }, { element: 'b' }]);
    expect(emitted.map((one) => 'record' in one && one.record)).toEqual([
      ['a', 1, 1, 2, 3, 1],
      ['a', 2, 2, 2, 6, 2],
      ['b', 1, 1, 2, 3, 1],
    ]);
  });

  it('gives a timer its own time, key and state, and its side output that time', async () => {
    const tag = new OutputTag<string>('timers');
    const fn: Fn = {
      processElement: (_, { timerService }) => {
        timerService.registerEventTimeTimer(7);
        timerService.registerProcessingTimeTimer(9);
      },
      onTimer: (time, context) => context.output(tag, `${context.currentKey}@${time}=${context.timestamp}`),
    };
    const fixture = await open(fn, { sideOutputs: ['timers'] });
    await fixture.run([{ element: 'k', timestamp: 1 }, { processingTime: 9 }, { watermark: 8 }]);
    expect(fixture.sides.get('timers')?.emitted).toEqual([
      { record: 'k@9=9', timestamp: 9 },
      { record: 'k@7=7', timestamp: 7 },
    ]);
  });

  it('does nothing at a timer of a function without onTimer', async () => {
    const fixture = await open({ processElement: (_, c) => c.timerService.registerEventTimeTimer(1) });
    expect(await fixture.run([{ element: 1 }, { watermark: 1 }])).toEqual([{ watermark: 1 }]);
  });

  it.each([undefined, null])('refuses the key %s and names the operator', async (key) => {
    const fixture = await open({ processElement: () => {} }, {}, () => key);
    await expect(fixture.run([{ element: 5 }])).rejects.toThrow(
      expect.objectContaining({ code: 'KEY_INVALID', message: expect.stringContaining("'the operator'") }),
    );
  });

  it('points the cursor at itself again after the operators behind have run', async () => {
    const tag = new OutputTag<unknown>('side');
    const seen: unknown[] = [];
    const look = () => seen.push(fixture.cursor.operator === fixture.context);
    const fn: Fn = {
      processElement: (v, context, out) => {
        look();
        out.collect(v);
        look();
        context.output(tag, v);
        look();
        context.timerService.registerEventTimeTimer(1);
      },
      onTimer: look,
    };
    const fixture: OperatorFixture = await open(fn, { sideOutputs: ['side'] });
    const leave = () => {
      fixture.cursor.operator = undefined;
    };
    fixture.output.onElement = leave;
    fixture.sides.get('side')!.onElement = leave;
    leave();
    fixture.input().processElement('a', 1);
    leave();
    fixture.input().processWatermark(1);
    expect(seen).toEqual([true, true, true, true]);
  });

  it('is as before after a failed record whose watermark fired timers', async () => {
    const journal = new UndoJournal();
    const fixture = await open({ processElement: firstThenTimer('event'), onTimer: emitState }, { journal });
    await fixture.run([{ watermark: 1 }, { element: 'a' }, { element: 'b' }]);
    const content = () => {
      const { keyed, ...rest } = fixture.snapshot();
      return { ...rest, keyed: new Set(keyed[0]?.entries) };
    };
    const before = content();
    journal.guard(
      () => {
        fixture.input().processElement('a', 2);
        fixture.input().processElement('c', 2);
        fixture.input().processWatermark(9);
        throw new Error('poison');
      },
      () => {},
    );
    expect(content()).toEqual(before);
    fixture.output.emitted.length = 0;
    await fixture.run([{ watermark: 6 }]);
    expect(fixture.emitted).toEqual([
      { record: 'STATE:a', timestamp: 6 },
      { record: 'STATE:b', timestamp: 6 },
      { watermark: 6 },
    ]);
  });

  it('leaves no callback of the clock behind when closed', async () => {
    const fixture = await open({ processElement: (_, c) => c.timerService.registerProcessingTimeTimer(5) });
    await fixture.run([{ element: 1 }]);
    expect(fixture.clock.numPendingCallbacks).toBe(1);
    await fixture.operator.close();
    expect(fixture.clock.numPendingCallbacks).toBe(0);
  });
});

describe('KeyedCoProcessOperator', () => {
  it.each(CO_CASES)('$name', async ({ fn, steps, expected }) => {
    expect(await (await openTwo(fn)).run(steps)).toEqual(expected);
  });

  it.each(CO_CASES)('$name, restored between all steps', async ({ fn, steps, expected }) => {
    const restarts = steps.flatMap((step): Step[] => [step, { snapshotRestore: true }]);
    expect(await (await openTwo(fn)).run(restarts)).toEqual(expected);
  });
});
