/**
 * The kinds of generated jobs, each with what has to come out, computed from the sorted input without any
 * operator.
 */
import type { DataStream } from '../../api/data-stream.ts';
import { EventTimeSessionWindows } from '../../api/windows/event-time-session-windows.ts';
import { SlidingEventTimeWindows } from '../../api/windows/sliding-event-time-windows.ts';
import { TumblingEventTimeWindows } from '../../api/windows/tumbling-event-time-windows.ts';
import { millis } from '../../core/duration.ts';
import type { TimeWindow } from '../../core/window/window.ts';
import type { WindowAssigner } from '../../core/window/window-assigner.ts';
import { Gathering, Matching, Numbering, Sorting } from './generated-functions.ts';
import type { Reading } from './generated-input.ts';

/** One kind of job. */
export interface JobShape {
  readonly name: string;
  readonly sources: readonly string[];
  /** uid of the operator that notes the ids of all readings, if there is one. */
  readonly ledger: string | undefined;
  /** Rows from the readings of all sources, each operator with a uid of its own. */
  readonly build: (streams: readonly DataStream<Reading>[], parallelism: number) => DataStream<string>;
  /** What the rows have to be; `rows` are those that are there, where some may or may not be. */
  readonly expected: (readings: readonly Reading[], rows: readonly string[]) => readonly string[];
  /** What of a row the output is compared by. @default the row */
  readonly compared?: (row: string) => readonly string[];
  /** True if a row begins with its key and its number, so that the last row of a key has the highest. */
  readonly numbersRows?: true;
}

function windowed(
  name: string,
  assigner: WindowAssigner<Reading, TimeWindow>,
  windowsOf: WindowsOf,
): JobShape {
  return {
    name,
    sources: ['readings'],
    ledger: undefined,
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

export const SHAPES: readonly JobShape[] = [
  {
    name: 'numbering',
    sources: ['readings'],
    ledger: 'numbering',
    build: ([readings], parallelism) =>
      only(readings)
        .keyBy(({ key }) => key)
        .process(new Numbering())
        .uid('numbering')
        .setParallelism(parallelism),
    numbersRows: true,
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
    ledger: 'sorting',
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
    ledger: 'gathering',
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
  {
    name: 'matching',
    sources: ['left', 'right'],
    ledger: 'matching',
    build: ([left, right], parallelism) =>
      only(left)
        .keyBy(({ key }) => key)
        .connect(only(right).keyBy(({ key }) => key))
        .process(new Matching())
        .uid('matching')
        .setParallelism(parallelism),
    expected: (readings) => {
      const right = readings.filter(({ source }) => source === 'right');
      return readings
        .filter(({ source }) => source === 'left')
        .flatMap(({ id, key }) =>
          right.filter((other) => other.key === key).map((other) => `${key}: ${id} with ${other.id}`),
        );
    },
  },
  windowed('tumbling', TumblingEventTimeWindows.of(millis(100)), sliding(100, 100)),
  windowed('sliding', SlidingEventTimeWindows.of(millis(100), millis(50)), sliding(100, 50)),
  windowed('sessions', EventTimeSessionWindows.withGap(millis(60)), sessions(60)),
];
