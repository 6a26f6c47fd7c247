import { describe, expect, it } from 'vitest';
import type { CoProcessFunction, ProcessFunction } from '../../../../lib/core/functions/process-function.ts';
import type { RichFunction, RuntimeContext } from '../../../../lib/core/functions/rich-function.ts';
import { OutputTag } from '../../../../lib/core/output-tag.ts';
import {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  ValueStateDescriptor,
} from '../../../../lib/core/state.ts';
import type { Operator, OperatorContext } from '../../../../lib/runtime/operator.ts';
import { CoFlatMapOperator } from '../../../../lib/runtime/operators/co-flat-map-operator.ts';
import { CoMapOperator } from '../../../../lib/runtime/operators/co-map-operator.ts';
import { CoProcessOperator } from '../../../../lib/runtime/operators/co-process-operator.ts';
import { FilterOperator } from '../../../../lib/runtime/operators/filter-operator.ts';
import { FlatMapOperator } from '../../../../lib/runtime/operators/flat-map-operator.ts';
import { KeyedReduceOperator } from '../../../../lib/runtime/operators/keyed-reduce-operator.ts';
import { MapOperator } from '../../../../lib/runtime/operators/map-operator.ts';
import { ProcessOperator } from '../../../../lib/runtime/operators/process-operator.ts';
import { UndoJournal } from '../../../../lib/runtime/task/undo-journal.ts';
import { type Emitted, type FixtureOptions, given, OperatorFixture, type Step } from './operator-fixture.ts';

type Create = (context: OperatorContext, life?: RichFunction) => Operator;

/** The tests give numbers to every operator. */
const double = (x: unknown) => 2 * (x as number);
const isOdd = (x: unknown) => (x as number) % 2 === 1;
const add = (a: unknown, b: unknown) => (a as number) + (b as number);

const createMap: Create = (context, life = {}) =>
  new MapOperator({ kind: 'map', fn: given({ ...life, map: double }) }, context);
const createFilter: Create = (context, life = {}) =>
  new FilterOperator({ kind: 'filter', fn: given({ ...life, filter: isOdd }) }, context);
const createFlatMap: Create = (context, life = {}) =>
  new FlatMapOperator(
    {
      kind: 'flatMap',
      fn: given({
        ...life,
        flatMap: (x: unknown, out: { collect(value: unknown): void }) => {
          for (let i = 0; i < (x as number); i++) out.collect(i);
        },
      }),
    },
    context,
  );
const createProcess = (context: OperatorContext, fn: ProcessFunction<unknown, unknown>) =>
  new ProcessOperator({ kind: 'process', fn: given(fn) }, context);
const createReduce: Create = (context, life = {}) =>
  new KeyedReduceOperator(
    { kind: 'keyedReduce', keySelector: (x) => x, fn: given({ ...life, reduce: add }) },
    context,
  );
const createCoMap: Create = (context, life = {}) =>
  new CoMapOperator({ kind: 'coMap', fn: given({ ...life, map1: double, map2: isOdd }) }, context);
const createCoFlatMap: Create = (context, life = {}) =>
  new CoFlatMapOperator(
    {
      kind: 'coFlatMap',
      fn: given({
        ...life,
        flatMap1: (x: unknown, out: { collect(value: unknown): void }) => out.collect(['one', x]),
        flatMap2: (x: unknown, out: { collect(value: unknown): void }) => {
          out.collect(['two', x]);
          out.collect(['two again', x]);
        },
      }),
    },
    context,
  );
const createCoProcess = (context: OperatorContext, fn: CoProcessFunction<unknown, unknown, unknown>) =>
  new CoProcessOperator({ kind: 'coProcess', fn: given(fn) }, context);

describe('operators on records', () => {
  it.each<{ name: string; create: Create; steps: readonly Step[]; expected: readonly Emitted[] }>([
    {
      name: 'map keeps the timestamp',
      create: createMap,
      steps: [{ element: 4, timestamp: 7 }, { element: 5 }],
      expected: [{ record: 8, timestamp: 7 }, { record: 10 }],
    },
    {
      name: 'filter keeps what passes, with its timestamp',
      create: createFilter,
      steps: [{ element: 1, timestamp: 7 }, { element: 2, timestamp: 8 }, { element: 3 }],
      expected: [{ record: 1, timestamp: 7 }, { record: 3 }],
    },
    {
      name: 'flatMap gives every result the timestamp of its record',
      create: createFlatMap,
      steps: [{ element: 2, timestamp: 7 }, { element: 0, timestamp: 8 }, { element: 1 }],
      expected: [{ record: 0, timestamp: 7 }, { record: 1, timestamp: 7 }, { record: 0 }],
    },
    {
      // Apache Flink StreamGroupedReduceOperatorTest.java
      name: 'reduce emits every intermediate value with the timestamp of the record',
      create: createReduce,
      steps: [
        { element: 1, timestamp: 1 },
        { element: 1, timestamp: 2 },
        { watermark: 2 },
        { element: 2, timestamp: 3 },
        { element: 2, timestamp: 4 },
        { element: 3, timestamp: 5 },
      ],
      expected: [
        { record: 1, timestamp: 1 },
        { record: 2, timestamp: 2 },
        { watermark: 2 },
        { record: 2, timestamp: 3 },
        { record: 4, timestamp: 4 },
        { record: 3, timestamp: 5 },
      ],
    },
    {
      name: 'reduce goes on after a restore',
      create: createReduce,
      steps: [{ element: 3 }, { snapshotRestore: true }, { element: 3 }],
      expected: [{ record: 3 }, { record: 6 }],
    },
    {
      name: 'coMap has a function for each input',
      create: createCoMap,
      steps: [
        { element: 3, timestamp: 1, input: 1 },
        { element: 3, timestamp: 2, input: 2 },
      ],
      expected: [
        { record: 6, timestamp: 1 },
        { record: true, timestamp: 2 },
      ],
    },
    {
      name: 'coFlatMap has a function for each input',
      create: createCoFlatMap,
      steps: [
        { element: 3, timestamp: 1, input: 2 },
        { element: 4, input: 1 },
      ],
      expected: [
        { record: ['two', 3], timestamp: 1 },
        { record: ['two again', 3], timestamp: 1 },
        { record: ['one', 4] },
      ],
    },
  ])('$name', async ({ create, steps, expected }) => {
    expect(await (await OperatorFixture.open(create)).run(steps)).toEqual(expected);
  });

  it('process shows timestamp, clock and watermark and emits to side outputs', async () => {
    const tag = new OutputTag<unknown>('side');
    const fn: ProcessFunction<unknown, unknown> = {
      processElement: (value, context, out) => {
        const { timestamp, timerService } = context;
        out.collect([
          value,
          timestamp,
          timerService.currentProcessingTime(),
          timerService.currentWatermark(),
        ]);
        context.output(tag, value);
      },
    };
    const fixture = await OperatorFixture.open((context) => createProcess(context, fn), {
      sideOutputs: ['side'],
    });
    await fixture.run([
      { processingTime: 9 },
      { watermark: 5 },
      { element: 'a', timestamp: 4 },
      { element: 'b' },
    ]);
    expect(fixture.emitted).toEqual([
      { watermark: 5 },
      { record: ['a', 4, 9, 5], timestamp: 4 },
      { record: ['b', undefined, 9, 5] },
    ]);
    expect(fixture.sides.get('side')?.emitted).toEqual([{ record: 'a', timestamp: 4 }, { record: 'b' }]);
  });

  it('coProcess shows the same on both inputs', async () => {
    const fn: CoProcessFunction<unknown, unknown, unknown> = {
      processElement1: (value, { timestamp }, out) => out.collect(['one', value, timestamp]),
      processElement2: (value, { timerService }, out) =>
        out.collect(['two', value, timerService.currentWatermark()]),
    };
    const fixture = await OperatorFixture.open((context) => createCoProcess(context, fn));
    await fixture.run([
      { element: 'a', timestamp: 4, input: 1 },
      { watermark: 7, input: 1 },
      { watermark: 6, input: 2 },
      { element: 'b', input: 2 },
    ]);
    expect(fixture.emitted).toEqual([
      { record: ['one', 'a', 4], timestamp: 4 },
      { watermark: 6 },
      { record: ['two', 'b', 6] },
    ]);
  });
});

describe('operators without a key', () => {
  const aggregate = { createAccumulator: () => 0, add: () => 0, getResult: () => 0 };
  it.each<[string, (context: RuntimeContext) => unknown]>([
    ['value', (context) => context.getState(new ValueStateDescriptor('s'))],
    ['list', (context) => context.getListState(new ListStateDescriptor('s'))],
    ['map', (context) => context.getMapState(new MapStateDescriptor('s'))],
    ['reducing', (context) => context.getReducingState(new ReducingStateDescriptor('s', add))],
    ['aggregating', (context) => context.getAggregatingState(new AggregatingStateDescriptor('s', aggregate))],
  ])('refuse %s state in open', async (_, ask) => {
    const opening = OperatorFixture.open((context) => createMap(context, { open: (c) => void ask(c) }));
    await expect(opening).rejects.toThrow(
      expect.objectContaining({
        code: 'STATE_WITHOUT_KEY',
        message: expect.stringContaining("Operator 'the operator', made at job.ts:7"),
      }),
    );
  });

  it.each([
    'registerEventTimeTimer',
    'registerProcessingTimeTimer',
    'deleteEventTimeTimer',
    'deleteProcessingTimeTimer',
  ] as const)('refuse %s', async (method) => {
    const fn: ProcessFunction<unknown, unknown> = {
      processElement: (_, { timerService }) => timerService[method](1),
    };
    const fixture = await OperatorFixture.open((context) => createProcess(context, fn));
    await expect(fixture.run([{ element: 1 }])).rejects.toThrow(
      expect.objectContaining({ code: 'STATE_WITHOUT_KEY', message: expect.stringContaining('keyBy()') }),
    );
  });
});

describe('the life of a function', () => {
  it('is: made once, opened with its context, awaited, closed', async () => {
    const events: unknown[] = [];
    let made = 0;
    const create = () => {
      made++;
      return {
        open: async (context: RuntimeContext) => {
          const { jobName, operatorName, operatorUid, indexOfThisSubtask } = context;
          await Promise.resolve();
          events.push([jobName, operatorName, operatorUid, indexOfThisSubtask]);
          events.push([context.numberOfParallelSubtasks, context.maxNumberOfParallelSubtasks]);
          context.counter('seen').inc(2);
        },
        map: (x: unknown) => x,
        close: async () => {
          await Promise.resolve();
          events.push('closed');
        },
      };
    };
    const fixture = await OperatorFixture.open(
      (context) => new MapOperator({ kind: 'map', fn: { create, shared: undefined } }, context),
    );
    await fixture.run([{ element: 1 }, { element: 2 }]);
    await fixture.operator.close();
    expect(made).toBe(1);
    expect(events).toEqual([['job', 'the operator', 'uid', 2], [3, 128], 'closed']);
    expect(fixture.metrics.counter('uid', 'seen').count).toBe(2);
  });

  it('may end before it was made', async () => {
    const create = () => {
      throw new Error('no function');
    };
    const operators: Operator[] = [];
    const opening = OperatorFixture.open((context) => {
      const operator = new MapOperator({ kind: 'map', fn: { create, shared: undefined } }, context);
      operators.push(operator);
      return operator;
    });
    await expect(opening).rejects.toThrow('no function');
    await expect(Promise.resolve(operators[0]?.close())).resolves.toBeUndefined();
  });
});

describe('watermarks', () => {
  it('never fall and are not repeated', async () => {
    const fixture = await OperatorFixture.open(createMap);
    await fixture.run([{ watermark: 5 }, { watermark: 5 }, { watermark: 3 }, { watermark: 6 }]);
    expect(fixture.emitted).toEqual([{ watermark: 5 }, { watermark: 6 }]);
  });

  it('go on after a restore from where they were', async () => {
    const fixture = await OperatorFixture.open(createFlatMap);
    await fixture.run([{ watermark: 5 }, { snapshotRestore: true }, { watermark: 5 }, { watermark: 6 }]);
    expect(fixture.emitted).toEqual([{ watermark: 5 }, { watermark: 6 }]);
  });

  it('are forwarded with idleness by operators with one input', async () => {
    const fixture = await OperatorFixture.open(createFilter);
    await fixture.run([{ idle: true }, { idle: false }, { watermark: 1 }]);
    expect(fixture.emitted).toEqual([{ idle: true }, { idle: false }, { watermark: 1 }]);
  });

  it.each<{ name: string; steps: readonly Step[]; expected: readonly Emitted[] }>([
    {
      name: 'do not wait for an idle input',
      steps: [
        { watermark: 9, input: 1 },
        { idle: true, input: 2 },
        { watermark: 10, input: 1 },
      ],
      expected: [{ watermark: 9 }, { watermark: 10 }],
    },
    {
      name: 'stop when both inputs are idle, which is told once',
      steps: [
        { watermark: 9, input: 1 },
        { idle: true, input: 1 },
        { idle: true, input: 2 },
        { idle: true, input: 2 },
      ],
      expected: [{ idle: true }],
    },
    {
      name: 'come after the news that an input is active again',
      steps: [
        { watermark: 9, input: 1 },
        { idle: true, input: 1 },
        { idle: true, input: 2 },
        { idle: false, input: 1 },
        { idle: false, input: 2 },
        { watermark: 8, input: 2 },
        { watermark: 12, input: 2 },
        { watermark: 11, input: 1 },
      ],
      expected: [{ idle: true }, { idle: false }, { watermark: 9 }, { watermark: 11 }],
    },
    {
      name: 'of an idle input make it active',
      steps: [
        { idle: true, input: 1 },
        { idle: true, input: 2 },
        { watermark: 4, input: 1 },
      ],
      expected: [{ idle: true }, { idle: false }, { watermark: 4 }],
    },
    {
      name: 'of both inputs are restored',
      steps: [
        { watermark: 9, input: 1 },
        { snapshotRestore: true },
        { watermark: 4, input: 2 },
        { snapshotRestore: true },
        { watermark: 12, input: 2 },
      ],
      expected: [{ watermark: 4 }, { watermark: 9 }],
    },
  ])('of two inputs $name', async ({ steps, expected }) => {
    expect(await (await OperatorFixture.open(createCoMap)).run(steps)).toEqual(expected);
  });

  it('of two inputs are restored from a snapshot that knows only the combined one', async () => {
    const fixture = await OperatorFixture.open(createCoMap);
    await fixture.restart({ ...fixture.snapshot(), watermark: 7, operatorState: [] });
    await fixture.run([
      { watermark: 9, input: 1 },
      { watermark: 8, input: 2 },
    ]);
    expect(fixture.emitted).toEqual([{ watermark: 8 }]);
  });

  it.each<[string, Create]>([
    ['one input', createMap],
    ['two inputs', createCoMap],
  ])('of %s are taken back when the record that brought them fails', async (_, create) => {
    const journal = new UndoJournal();
    const options: FixtureOptions = { journal };
    const fixture = await OperatorFixture.open(create, options);
    const inputs = fixture.operator.inputs;
    for (const input of inputs) input.processWatermark(3);
    const before = fixture.snapshot();
    journal.guard(
      () => {
        for (const input of inputs) input.processWatermark(5);
        throw new Error('poison');
      },
      () => {},
    );
    expect(fixture.snapshot()).toEqual(before);
    for (const input of inputs) input.processWatermark(5);
    expect(fixture.emitted.at(-1)).toEqual({ watermark: 5 });
  });
});

describe('snapshots of operators', () => {
  it('carry the uid and the watermark', async () => {
    const fixture = await OperatorFixture.open(createMap);
    await fixture.run([{ watermark: 5 }]);
    expect(fixture.snapshot()).toEqual({
      uid: 'uid',
      keyed: [],
      eventTimers: [],
      processingTimers: [],
      watermark: 5,
      keyGroupWatermarks: [],
      operatorState: [],
    });
  });
});
