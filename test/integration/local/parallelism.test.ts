import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  defineJob,
  type KeyedProcessFunction,
  millis,
  OutputTag,
  type RuntimeContext,
  SlidingEventTimeWindows,
  StreamExecutionEnvironment,
  type ValueState,
  ValueStateDescriptor,
  WatermarkStrategy,
} from '../../../lib/index.ts';
import { executeGraph } from '../../../lib/local/executor.ts';

interface Reading {
  readonly sensor: string;
  readonly time: number;
  readonly value: number;
}

const byTime = WatermarkStrategy.forBoundedOutOfOrderness<Reading>(millis(50), {
  timestamp: (reading) => reading.time,
  emit: 'per-record',
});
const late = new OutputTag<Reading>('late');

/** Windows and late records of `readings`, with the window operator at the given parallelism. */
async function windowed(readings: readonly Reading[], parallelism: number) {
  const env = StreamExecutionEnvironment.create();
  const windows = env
    .fromData(readings)
    .assignTimestampsAndWatermarks(byTime)
    .keyBy((reading) => reading.sensor)
    .window(SlidingEventTimeWindows.of(millis(40), millis(20)))
    .allowedLateness(millis(30))
    .sideOutputLateData(late)
    .reduce(
      (a, b) => ({ sensor: a.sensor, time: a.time, value: a.value + b.value }),
      ({ key, window, value }) => ({ row: `${key} ${window.start} ${value.value}` }),
    )
    .uid('windows')
    .setParallelism(parallelism);
  const rows = windows
    .map(({ row }) => row)
    .union(
      windows.getSideOutput(late).map((reading) => `late ${reading.sensor} ${reading.time} ${reading.value}`),
    );
  return (await rows.executeAndCollect()).toSorted();
}

const readings = fc.array(
  fc.record({
    sensor: fc.constantFrom('a', 'b', 'c', 'd'),
    time: fc.integer({ min: -200, max: 400 }),
    value: fc.nat(9),
  }),
  { maxLength: 80 },
);

describe('a job at any parallelism', () => {
  it('gives the same windows and the same late records, whatever the parallelism', async () => {
    await fc.assert(
      fc.asyncProperty(readings, fc.integer({ min: 2, max: 5 }), async (data, parallelism) => {
        expect(await windowed(data, parallelism)).toEqual(await windowed(data, 1));
      }),
      { numRuns: 30 },
    );
  });

  it('keeps the order of records of one key through an exchange and back-pressure', async () => {
    const env = StreamExecutionEnvironment.create();
    const numbers = await env
      .fromSequence(0, 99_999)
      .keyBy((n) => n % 7)
      .process<number>((n, _context, out) => {
        for (let i = 0; i < 3; i++) out.collect(n);
      })
      .uid('triple')
      .setParallelism(3)
      .executeAndCollect();
    expect(numbers).toHaveLength(300_000);
    const last = new Map<number, number>();
    for (const n of numbers) {
      expect(n).toBeGreaterThanOrEqual(last.get(n % 7) ?? 0);
      last.set(n % 7, n);
    }
  });

  it.each(['rebalance', 'rescale', 'shuffle', 'global', 'broadcast', 'forward'] as const)(
    '%s delivers every record to the right number of subtasks',
    async (partitioning) => {
      const env = StreamExecutionEnvironment.create();
      const numbers = env.fromSequence(1, 1000).setParallelism(2);
      const parallelism = partitioning === 'forward' ? 2 : 4;
      const seen = await numbers[partitioning]()
        .map((n) => n)
        .setParallelism(parallelism)
        .executeAndCollect();
      const copies = partitioning === 'broadcast' ? 4 : 1;
      expect(seen.reduce((sum, n) => sum + n, 0)).toBe(copies * 500_500);
    },
  );

  it('sends records where a custom partitioner says', async () => {
    const env = StreamExecutionEnvironment.create();
    const placed = await env
      .fromSequence(0, 11)
      .partitionCustom(
        (key: number, n) => key % n,
        (n) => n,
      )
      .map(() => new SubtaskOf())
      .setParallelism(3)
      .executeAndCollect();
    for (const { n, subtask } of placed) expect(subtask).toBe(n % 3);
    expect(placed).toHaveLength(12);
  });

  it('waits for the slower of two connected inputs before it fires timers', async () => {
    const env = StreamExecutionEnvironment.create();
    const left = env.fromData(
      [1, 2, 3].map((time) => ({ sensor: 'x', time, value: 1 })),
      'left',
    );
    const right = env.fromData(
      [2000, 3000].map((time) => ({ sensor: 'x', time, value: 2 })),
      'right',
    );
    const seen = await left
      .assignTimestampsAndWatermarks(byTime)
      .keyBy((reading) => reading.sensor)
      .connect(right.assignTimestampsAndWatermarks(byTime).keyBy((reading) => reading.sensor))
      .process({
        processElement1: (_reading, context) => context.timerService.registerEventTimeTimer(2500),
        processElement2: (reading, _context, out) => out.collect(`right ${reading.time}`),
        onTimer: (time, _context, out) => out.collect(`timer ${time}`),
      })
      .uid('join')
      .setParallelism(2)
      .executeAndCollect();
    expect(seen).toContain('timer 2500');
    expect(seen).toHaveLength(3);
  });
});

class SubtaskOf {
  #subtask = -1;
  open(context: RuntimeContext): void {
    this.#subtask = context.indexOfThisSubtask;
  }
  map(n: number) {
    return { n, subtask: this.#subtask };
  }
}

class Counting implements KeyedProcessFunction<string, string, string> {
  static readonly made: Counting[] = [];
  #count!: ValueState<number>;
  keys = new Set<string>();

  constructor() {
    Counting.made.push(this);
  }
  open(context: RuntimeContext): void {
    this.#count = context.getState(new ValueStateDescriptor<number>('count', 0));
  }
  processElement(word: string): void {
    this.keys.add(word);
    this.#count.update((this.#count.value() ?? 0) + 1);
  }
}

const words = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

describe('function objects', () => {
  it('are made once per subtask when the job is defined with defineJob', async () => {
    Counting.made.length = 0;
    const job = defineJob('words', (env) => {
      env
        .fromData(words)
        .keyBy((word) => word)
        .process(new Counting())
        .uid('count')
        .setParallelism(4)
        .print();
    });
    await job.execute();
    const used = Counting.made.filter(({ keys }) => keys.size > 0);
    expect(used.length).toBeGreaterThan(1);
    expect(used.flatMap(({ keys }) => [...keys]).toSorted()).toEqual(words);
  });

  it('of module scope are refused at parallelism 4 with the fix', async () => {
    const shared = new Counting();
    const job = defineJob('words', (env) => {
      env
        .fromData(words)
        .keyBy((word) => word)
        .process(shared)
        .uid('count')
        .setParallelism(4)
        .print();
    });
    await expect(async () => job.execute()).rejects.toThrow(
      /instance of Counting.*operator 'count'.*\(\) => new Counting\(\)/s,
    );
  });

  it('in a plain script are refused at parallelism 4 unless given as a factory', async () => {
    const build = (fn: Counting | (() => Counting)) => {
      const env = StreamExecutionEnvironment.create();
      return env
        .fromData(words)
        .keyBy((word) => word)
        .process(fn)
        .uid('count')
        .setParallelism(4);
    };
    await expect(build(new Counting()).executeAndCollect()).rejects.toThrow(
      /FUNCTION_SHARED|belongs to one subtask/,
    );
    expect(await build(() => new Counting()).executeAndCollect()).toEqual([]);
  });
});

describe('a graph that does not validate', () => {
  it('runs nothing', async () => {
    const env = StreamExecutionEnvironment.create();
    env.fromData([1]).map((n) => n);
    await expect(executeGraph({ graphOf: () => env.getStreamGraph('nothing') })).rejects.toMatchObject({
      code: 'JOB_WITHOUT_SINK',
    });
  });
});
