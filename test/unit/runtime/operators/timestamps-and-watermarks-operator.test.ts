import { describe, expect, it } from 'vitest';
import { MAX_WATERMARK, MIN_TIMESTAMP, NO_TIMESTAMP } from '../../../../lib/core/time.ts';
import type { WatermarkGenerator, WatermarkStrategySpec } from '../../../../lib/core/watermark.ts';
import { PausableClock } from '../../../../lib/runtime/operators/pausable-clock.ts';
// biome-ignore format: the formatter joins the two lines to one that is too wide
import {
  TimestampsAndWatermarksOperator,
} from '../../../../lib/runtime/operators/timestamps-and-watermarks-operator.ts';
import { UndoJournal } from '../../../../lib/runtime/task/undo-journal.ts';
import { type Emitted, type FixtureOptions, OperatorFixture, type Step } from './operator-fixture.ts';

/** The tests give numbers, or pairs of a flag and a number. */
const numberOf = (value: unknown) => value as number;
const secondOf = (value: unknown) => (value as [boolean, number])[1];

function lastMinusOne(): WatermarkGenerator<unknown> {
  let last = MIN_TIMESTAMP + 1;
  return {
    onEvent: (_, timestamp) => {
      last = timestamp;
    },
    onPeriodicEmit: (output) => output.emitWatermark(last - 1),
  };
}

const punctuated = (): WatermarkGenerator<unknown> => ({
  onEvent: (value, timestamp, output) => {
    // The tests of this generator give pairs.
    if ((value as [boolean, number])[0]) output.emitWatermark(timestamp);
  },
  onPeriodicEmit: () => {},
});

const never = (): WatermarkGenerator<unknown> => ({ onEvent: () => {}, onPeriodicEmit: () => {} });

const PERIODIC: Partial<WatermarkStrategySpec<unknown>> = {
  createGenerator: lastMinusOne,
  timestampAssigner: numberOf,
};
const PUNCTUATED: Partial<WatermarkStrategySpec<unknown>> = {
  createGenerator: punctuated,
  timestampAssigner: secondOf,
};

async function open(strategy: Partial<WatermarkStrategySpec<unknown>>, options: FixtureOptions = {}) {
  const watermarks: WatermarkStrategySpec<unknown> = {
    description: 'test',
    createGenerator: never,
    timestampAssigner: undefined,
    emit: 'periodic',
    idleTimeoutMs: undefined,
    ...strategy,
  };
  const operators: TimestampsAndWatermarksOperator[] = [];
  const fixture = await OperatorFixture.open((context) => {
    const operator = new TimestampsAndWatermarksOperator(
      { kind: 'timestampsAndWatermarks', watermarks },
      context,
      {
        autoWatermarkIntervalMs: 50,
      },
    );
    operators.push(operator);
    return operator;
  }, options);
  return { fixture, operator: () => operators.at(-1)! };
}

// Apache Flink TimestampsAndWatermarksOperatorTest.java
const CASES: readonly {
  readonly name: string;
  readonly strategy: Partial<WatermarkStrategySpec<unknown>>;
  readonly steps: readonly Step[];
  readonly expected: readonly Emitted[];
}[] = [
  {
    name: 'swallows watermarks from upstream',
    strategy: PERIODIC,
    steps: [{ watermark: 42 }, { processingTime: 50 }],
    expected: [],
  },
  {
    name: 'swallows idleness from upstream',
    strategy: PERIODIC,
    steps: [{ idle: true }, { processingTime: 50 }],
    expected: [],
  },
  {
    name: 'forwards the final watermark',
    strategy: PERIODIC,
    steps: [{ watermark: MAX_WATERMARK }],
    expected: [{ watermark: MAX_WATERMARK }],
  },
  {
    name: 'assigns timestamps anew and emits watermarks at each tick',
    strategy: PERIODIC,
    steps: [
      { element: 2, timestamp: 1 },
      { processingTime: 50 },
      { element: 4, timestamp: 1 },
      { processingTime: 100 },
    ],
    expected: [{ record: 2, timestamp: 2 }, { watermark: 1 }, { record: 4, timestamp: 4 }, { watermark: 3 }],
  },
  {
    name: 'emits periodic watermarks only at ticks',
    strategy: PERIODIC,
    steps: [{ element: 2, timestamp: 1 }],
    expected: [{ record: 2, timestamp: 2 }],
  },
  {
    name: 'never lets a periodic watermark fall',
    strategy: PERIODIC,
    steps: [
      { element: 4, timestamp: 1 },
      { processingTime: 50 },
      { element: 2, timestamp: 1 },
      { processingTime: 100 },
    ],
    expected: [{ record: 4, timestamp: 4 }, { watermark: 3 }, { record: 2, timestamp: 2 }],
  },
  {
    name: 'emits a punctuated watermark right behind its record',
    strategy: PUNCTUATED,
    steps: [
      { element: [true, 2], timestamp: 1 },
      { element: [true, 4], timestamp: 1 },
    ],
    expected: [
      { record: [true, 2], timestamp: 2 },
      { watermark: 2 },
      { record: [true, 4], timestamp: 4 },
      { watermark: 4 },
    ],
  },
  {
    name: 'never lets a punctuated watermark fall',
    strategy: PUNCTUATED,
    steps: [
      { element: [true, 4], timestamp: 1 },
      { element: [true, 2], timestamp: 1 },
    ],
    expected: [{ record: [true, 4], timestamp: 4 }, { watermark: 4 }, { record: [true, 2], timestamp: 2 }],
  },
  {
    name: 'takes the whole range of timestamps',
    strategy: { createGenerator: never, timestampAssigner: numberOf },
    steps: [MIN_TIMESTAMP, -1, 0, 1, 2, 3, MAX_WATERMARK].map((element) => ({ element })),
    expected: [MIN_TIMESTAMP, -1, 0, 1, 2, 3, MAX_WATERMARK].map((record) => ({ record, timestamp: record })),
  },
];

describe('TimestampsAndWatermarksOperator', () => {
  it.each(CASES)('$name', async ({ strategy, steps, expected }) => {
    const { fixture } = await open(strategy);
    expect(await fixture.run(steps)).toEqual(expected);
  });

  // Apache Flink TimestampsAndWatermarksOperatorTest.java#watermarksWithIdlenessUnderBackpressure
  it('does not take back pressure for idleness', async () => {
    const { fixture, operator } = await open({ ...PUNCTUATED, idleTimeoutMs: 100 });
    const wait = () => {
      for (let i = 0; i < 10; i++) fixture.clock.advanceTo(fixture.clock.now() + 100);
    };
    for (const kind of ['hard', 'soft'] as const) {
      operator().setBackPressured(kind, true);
      wait();
      operator().setBackPressured(kind, false);
    }
    expect(fixture.emitted).toEqual([]);
    wait();
    expect(fixture.emitted).toEqual([{ idle: true }]);
  });

  it('tells that the stream is active again at the first record after idleness', async () => {
    const { fixture } = await open({ ...PERIODIC, idleTimeoutMs: 100 });
    await fixture.run([
      { element: 9 },
      { processingTime: 50 },
      { processingTime: 100 },
      { processingTime: 200 },
      { processingTime: 250 },
      { processingTime: 300 },
      { element: 5 },
      { processingTime: 350 },
    ]);
    expect(fixture.emitted).toEqual([
      { record: 9, timestamp: 9 },
      { watermark: 8 },
      { idle: true },
      { record: 5, timestamp: 5 },
      { idle: false },
    ]);
  });

  it('emits after each record if asked to, and at batch ends otherwise', async () => {
    const perRecord = await open({ ...PERIODIC, emit: 'per-record' });
    await perRecord.fixture.run([{ element: 2 }, { element: 1 }, { element: 3 }]);
    expect(perRecord.fixture.emitted).toEqual([
      { record: 2, timestamp: 2 },
      { watermark: 1 },
      { record: 1, timestamp: 1 },
      { record: 3, timestamp: 3 },
      { watermark: 2 },
    ]);
    const periodic = await open(PERIODIC);
    await periodic.fixture.run([{ element: 2 }]);
    periodic.operator().endBatch();
    expect(periodic.fixture.emitted).toEqual([{ record: 2, timestamp: 2 }, { watermark: 1 }]);
  });

  it('keeps the timestamps of records, or their absence, without an assigner', async () => {
    const { fixture } = await open({ createGenerator: lastMinusOne });
    await fixture.run([{ element: 'a', timestamp: 7 }, { element: 'b' }]);
    expect(fixture.emitted).toEqual([{ record: 'a', timestamp: 7 }, { record: 'b' }]);
  });

  it('gives the assigner the timestamp of the record', async () => {
    const given: number[] = [];
    const { fixture } = await open({ timestampAssigner: (_, timestamp) => given.push(timestamp) });
    await fixture.run([{ element: 'a', timestamp: 7 }, { element: 'b' }]);
    expect(given).toEqual([7, NO_TIMESTAMP]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1.5, undefined, '5', new Date(5)])(
    'refuses %s as a timestamp',
    async (timestamp) => {
      // What an assigner without types might return.
      const { fixture } = await open({ timestampAssigner: () => timestamp as never });
      await expect(fixture.run([{ element: 1 }])).rejects.toThrow(
        expect.objectContaining({
          code: 'TIMESTAMP_INVALID',
          message: expect.stringContaining("'the operator'"),
        }),
      );
      expect(fixture.emitted).toEqual([]);
    },
  );

  it('makes watermarks whole numbers within range and ignores NaN', async () => {
    const marks = [Number.NaN, Number.NEGATIVE_INFINITY, 1.9, 1, Number.POSITIVE_INFINITY];
    const createGenerator = (): WatermarkGenerator<unknown> => ({
      onEvent: (value, _, output) => output.emitWatermark(numberOf(value)),
      onPeriodicEmit: () => {},
    });
    const { fixture } = await open({ createGenerator });
    await fixture.run(marks.map((element) => ({ element, timestamp: 0 })));
    expect(fixture.emitted.filter((one) => 'watermark' in one)).toEqual([
      { watermark: 1 },
      { watermark: MAX_WATERMARK },
    ]);
  });

  it('emits nothing and has no callback pending after the final watermark', async () => {
    const { fixture, operator } = await open(PERIODIC);
    await fixture.run([{ element: 5 }, { watermark: MAX_WATERMARK }]);
    expect(fixture.clock.numPendingCallbacks).toBe(0);
    operator().endBatch();
    expect(fixture.emitted).toEqual([{ record: 5, timestamp: 5 }, { watermark: MAX_WATERMARK }]);
  });

  it('has no callback pending once closed', async () => {
    const { fixture } = await open(PERIODIC);
    await fixture.operator.close();
    expect(fixture.clock.numPendingCallbacks).toBe(0);
  });

  it('does not fall behind its watermark after a restore', async () => {
    const { fixture } = await open(PERIODIC);
    await fixture.run([{ element: 9 }, { processingTime: 50 }, { snapshotRestore: true }, { element: 5 }]);
    await fixture.run([{ processingTime: 100 }, { element: 20 }, { processingTime: 150 }]);
    expect(fixture.emitted.filter((one) => 'watermark' in one)).toEqual([
      { watermark: 8 },
      { watermark: 19 },
    ]);
  });

  it('emits a watermark again that belonged to a failed record', async () => {
    const journal = new UndoJournal();
    const { fixture } = await open(PUNCTUATED, { journal });
    const fail = () => {
      fixture.input().processElement([true, 4], NO_TIMESTAMP);
      throw new Error('poison');
    };
    journal.guard(fail, () => {});
    expect(fixture.snapshot().watermark).toBe(MIN_TIMESTAMP);
    fixture.input().processElement([true, 3], NO_TIMESTAMP);
    expect(fixture.emitted.at(-1)).toEqual({ watermark: 3 });
  });

  it('points the cursor at itself again after the operators behind have run', async () => {
    const seen: unknown[] = [];
    const createGenerator = (): WatermarkGenerator<unknown> => ({
      onEvent: () => seen.push(fixture.cursor.operator === fixture.context),
      onPeriodicEmit: () => {},
    });
    const { fixture }: Awaited<ReturnType<typeof open>> = await open({ createGenerator });
    fixture.output.onElement = () => {
      fixture.cursor.operator = undefined;
    };
    await fixture.run([{ element: 1, timestamp: 1 }]);
    expect(seen).toEqual([true]);
  });
});

describe('PausableClock', () => {
  it('stands still while anything presses', () => {
    let time = 100;
    const clock = new PausableClock({ now: () => time });
    const at = (moment: number) => {
      time = moment;
      return clock.now();
    };
    expect(at(110)).toBe(110);
    clock.setBackPressured('hard', true);
    clock.setBackPressured('hard', true);
    expect(at(120)).toBe(110);
    clock.setBackPressured('soft', true);
    expect(at(130)).toBe(110);
    clock.setBackPressured('hard', false);
    expect(at(140)).toBe(110);
    clock.setBackPressured('soft', false);
    clock.setBackPressured('soft', false);
    expect(at(140)).toBe(110);
    expect(at(150)).toBe(120);
  });
});
