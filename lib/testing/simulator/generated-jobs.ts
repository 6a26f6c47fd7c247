/**
 * Small jobs of the public API whose output does not depend on the order in which channels are read, with
 * what has to come out, computed from the sorted input without any operator.
 */

import type { DataStream } from '../../api/data-stream.ts';
import { StreamExecutionEnvironment } from '../../api/environment.ts';
import { WatermarkStrategy } from '../../api/watermark-strategy.ts';
import { EventTimeSessionWindows } from '../../api/windows/event-time-session-windows.ts';
import { SlidingEventTimeWindows } from '../../api/windows/sliding-event-time-windows.ts';
import { TumblingEventTimeWindows } from '../../api/windows/tumbling-event-time-windows.ts';
import { millis } from '../../core/duration.ts';
import type { KeyedProcessFunction } from '../../core/functions/process-function.ts';
import type { RuntimeContext } from '../../core/functions/rich-function.ts';
import {
  type ListState,
  ListStateDescriptor,
  type ValueState,
  ValueStateDescriptor,
} from '../../core/state.ts';
import type { TimeWindow } from '../../core/window/window.ts';
import type { WindowAssigner } from '../../core/window/window-assigner.ts';
import { AssertionError } from './assertion-error.ts';
import { difference } from './fold-text.ts';
import type { CodeOwner } from './function-pool.ts';
import { DISORDER_MS, generateInput, type Reading } from './generated-input.ts';
import type { SeededRandom } from './seeded-random.ts';
import { ShardSource } from './shard-source.ts';
import type { SimulatedJob } from './simulated-job.ts';
import { StoredSink, type StoredSinkPorts } from './stored-sink.ts';
import { deployTaskJob } from './task-job.ts';

/** One kind of job. */
interface JobShape {
  readonly name: string;
  readonly sources: readonly string[];
  /** Rows from the readings of all sources, each operator with a uid of its own. */
  readonly build: (streams: readonly DataStream<Reading>[], parallelism: number) => DataStream<string>;
  /** What the rows have to be; `rows` are those that are there, where some may or may not be. */
  readonly expected: (readings: readonly Reading[], rows: readonly string[]) => readonly string[];
  /** What of a row the output is compared by. @default the row */
  readonly compared?: (row: string) => readonly string[];
}

/** Draws a job with its input. */
export function drawJob(random: SeededRandom): SimulatedJob {
  return createJob(random.pick(SHAPES), random);
}

function createJob(shape: JobShape, random: SeededRandom): SimulatedJob {
  const { readings, shards } = generateInput(random, shape.sources);
  const sourceParallelism = random.between(1, 2);
  const chainsSink = random.chance(0.5);
  return {
    name: shape.name,
    shards,
    isQuiet: random.chance(0.15),
    deploy: (parallelism) =>
      deployTaskJob({
        code: `${shape.name} x${parallelism}`,
        shards,
        newGraph: (ports, owner) =>
          graphOf(shape, { parallelism, sourceParallelism, chainsSink, ports, owner }),
      }),
    checkOutput: ({ values }) => {
      const rows = values.map(String).flatMap((row) => shape.compared?.(row) ?? [row]);
      compare(shape.expected(readings, rows), rows);
    },
  };
}

function graphOf(
  shape: JobShape,
  options: {
    readonly parallelism: number;
    readonly sourceParallelism: number;
    /** The sink is part of the last keyed task; otherwise it is a task of its own. */
    readonly chainsSink: boolean;
    readonly ports: StoredSinkPorts;
    readonly owner: CodeOwner;
  },
) {
  const env = StreamExecutionEnvironment.create().setMaxParallelism(16);
  const streams = shape.sources.map((source) =>
    env.fromSource(new ShardSource<Reading>(), strategy, source).setParallelism(options.sourceParallelism),
  );
  const sink = shape
    .build(streams, options.parallelism)
    .sinkTo(new StoredSink<string>(options.ports, options.owner === 'run' ? '' : 'other code: '))
    .uid('out');
  if (options.chainsSink) sink.setParallelism(options.parallelism);
  else sink.disableChaining();
  return env.getStreamGraph(shape.name);
}

const strategy = WatermarkStrategy.forBoundedOutOfOrderness<Reading>(millis(DISORDER_MS), {
  timestamp: ({ time }) => time,
  emit: 'per-record',
});

function compare(expected: readonly string[], found: readonly string[]): void {
  const text = (rows: readonly string[]) => numbered(rows).join('\n');
  const [left, right] = [text(expected), text(found)];
  if (left === right) return;
  throw new AssertionError(
    'A14',
    `the output is not that of a sequential execution:\n${difference(left, right)}`,
  );
}

/** Sorted, and equal ones told apart by a number. */
function numbered(rows: readonly string[]): readonly string[] {
  const times = new Map<string, number>();
  return [...rows].sort().map((row) => {
    const time = (times.get(row) ?? 0) + 1;
    times.set(row, time);
    return time === 1 ? row : `${row} (${time})`;
  });
}

/** Numbers the readings of each key. */
class Numbering implements KeyedProcessFunction<string, Reading, string> {
  #count!: ValueState<number>;

  open(context: RuntimeContext): void {
    this.#count = context.getState(new ValueStateDescriptor<number>('count'));
  }

  processElement({ id, key }: Reading, _context: unknown, out: { collect(row: string): void }): void {
    const count = (this.#count.value() ?? 0) + 1;
    this.#count.update(count);
    out.collect(`${key} ${count} ${id}`);
  }
}

/** Keeps readings until the watermark has passed them and emits them in the order of their times. */
class Sorting implements KeyedProcessFunction<string, Reading, string> {
  #waiting!: ListState<Reading>;

  open(context: RuntimeContext): void {
    this.#waiting = context.getListState(new ListStateDescriptor<Reading>('waiting'));
  }

  processElement(
    reading: Reading,
    context: Parameters<NonNullable<KeyedProcessFunction<string, Reading, string>['processElement']>>[1],
  ): void {
    this.#waiting.add(reading);
    context.timerService.registerEventTimeTimer(reading.time);
  }

  onTimer(time: number, _context: unknown, out: { collect(row: string): void }): void {
    const waiting = [...this.#waiting.get()];
    const due = waiting.filter((reading) => reading.time <= time);
    this.#waiting.update(waiting.filter((reading) => reading.time > time));
    for (const { id, key } of due.sort((a, b) => a.id - b.id)) out.collect(`${key} at ${time}: ${id}`);
  }
}

/** Keeps readings until some time of the machine has passed, then emits them together. */
class Gathering implements KeyedProcessFunction<string, Reading, string> {
  #waiting!: ListState<number>;

  open(context: RuntimeContext): void {
    this.#waiting = context.getListState(new ListStateDescriptor<number>('waiting'));
  }

  processElement(
    { id }: Reading,
    context: Parameters<NonNullable<KeyedProcessFunction<string, Reading, string>['processElement']>>[1],
    out: { collect(row: string): void },
  ): void {
    this.#waiting.add(id);
    context.timerService.registerProcessingTimeTimer(context.timerService.currentProcessingTime() + 20_000);
    out.collect(`in ${id}`);
  }

  onTimer(_time: number, _context: unknown, out: { collect(row: string): void }): void {
    const ids = [...this.#waiting.get()];
    this.#waiting.clear();
    if (ids.length > 0) out.collect(`out ${ids.join(' ')}`);
  }
}

function windowed(
  name: string,
  assigner: WindowAssigner<Reading, TimeWindow>,
  windowsOf: WindowsOf,
): JobShape {
  return {
    name,
    sources: ['readings'],
    build: ([readings], parallelism) =>
      only(readings)
        .keyBy(({ key }: Reading) => key)
        .window(assigner)
        .aggregate(
          {
            createAccumulator: (): readonly number[] => [],
            add: (ids: readonly number[], { id }: Reading) => [...ids, id],
            getResult: (ids: readonly number[]) => ids,
            merge: (a: readonly number[], b: readonly number[]) => [...a, ...b],
          },
          ({ key, window, value }) =>
            `${key} ${window.start}-${window.end}: ${[...value].sort((a, b) => a - b).join(' ')}`,
        )
        .uid('windows')
        .setParallelism(parallelism),
    expected: (readings) => {
      const rows: string[] = [];
      for (const [key, own] of Map.groupBy(readings, (reading) => reading.key)) {
        for (const { start, end, ids } of windowsOf(own)) {
          rows.push(`${key} ${start}-${end}: ${[...ids].sort((a, b) => a - b).join(' ')}`);
        }
      }
      return rows;
    },
  };
}

/** The windows of one key. */
type WindowsOf = (
  readings: readonly Reading[],
) => readonly { readonly start: number; readonly end: number; readonly ids: readonly number[] }[];

function sliding(size: number, slide: number): WindowsOf {
  return (readings) => {
    const windows = new Map<number, number[]>();
    for (const { id, time } of readings) {
      for (let start = Math.floor(time / slide) * slide; start > time - size; start -= slide) {
        windows.set(start, [...(windows.get(start) ?? []), id]);
      }
    }
    return [...windows].map(([start, ids]) => ({ start, end: start + size, ids }));
  };
}

function sessions(gap: number): WindowsOf {
  return (readings) => {
    const windows: { start: number; end: number; ids: number[] }[] = [];
    for (const { id, time } of readings.toSorted((a, b) => a.time - b.time)) {
      const last = windows.at(-1);
      if (last !== undefined && time <= last.end) {
        last.end = time + gap;
        last.ids.push(id);
      } else {
        windows.push({ start: time, end: time + gap, ids: [id] });
      }
    }
    return windows;
  };
}

function only<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The job has no source.');
  return value;
}

const SHAPES: readonly JobShape[] = [
  {
    name: 'numbering',
    sources: ['readings'],
    build: ([readings], parallelism) =>
      only(readings)
        .keyBy(({ key }) => key)
        .process(new Numbering())
        .uid('numbering')
        .setParallelism(parallelism),
    // Which reading of a key comes first depends on the shards; that each comes once does not.
    compared: (row) => {
      const [key, count, id] = row.split(' ');
      return [`${key} number ${count}`, `${key} reading ${id}`];
    },
    expected: (readings) =>
      [...Map.groupBy(readings, ({ key }) => key)].flatMap(([key, own]) =>
        own.flatMap(({ id }, index) => [`${key} number ${index + 1}`, `${key} reading ${id}`]),
      ),
  },
  {
    name: 'sorting',
    sources: ['left', 'right'],
    build: ([left, right], parallelism) =>
      only(left)
        .union(only(right))
        .keyBy(({ key }) => key)
        .process(new Sorting())
        .uid('sorting')
        .setParallelism(parallelism),
    expected: (readings) => readings.map(({ id, key, time }) => `${key} at ${time}: ${id}`),
  },
  {
    name: 'gathering',
    sources: ['readings'],
    build: ([readings], parallelism) =>
      only(readings)
        .keyBy(({ key }) => key)
        .process(new Gathering())
        .uid('gathering')
        .setParallelism(parallelism),
    // Timers that are not due when the input ends never fire: what goes out came in, and not twice.
    compared: (row) =>
      row.startsWith('in ')
        ? [row]
        : row
            .split(' ')
            .slice(1)
            .map((id) => `out ${id}`),
    expected: (readings, rows) => {
      const out = readings.map(({ id }) => `out ${id}`);
      return [...readings.map(({ id }) => `in ${id}`), ...out.filter((row) => rows.includes(row))];
    },
  },
  windowed('tumbling', TumblingEventTimeWindows.of(millis(100)), sliding(100, 100)),
  windowed('sliding', SlidingEventTimeWindows.of(millis(100), millis(50)), sliding(100, 50)),
  windowed('sessions', EventTimeSessionWindows.withGap(millis(60)), sessions(60)),
];
