/** Operators whose keyed state is in a table, with hardly a key in memory, against the same on the heap. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowChangesOf } from '../../../../lib/core/codec/keyed-rows.ts';
import { encodeKey } from '../../../../lib/core/key.ts';
import type { PlaceRow, RowChange } from '../../../../lib/core/log/keyed-row.ts';
import type { OperatorDelta } from '../../../../lib/core/log/state-delta.ts';
import {
  ContinuousEventTimeTrigger,
  CountEvictor,
  CountTrigger,
  EventTimeSessionWindows,
  GlobalWindows,
  type KeyedStream,
  millis,
  SlidingEventTimeWindows,
  StreamExecutionEnvironment,
  TumblingEventTimeWindows,
} from '../../../../lib/index.ts';
import { createOperator } from '../../../../lib/runtime/create-operator.ts';
import { MetricRegistry } from '../../../../lib/runtime/metrics.ts';
import type { Input, Operator, OperatorContext } from '../../../../lib/runtime/operator.ts';
import { ManualProcessingTime } from '../../../../lib/testing/manual-processing-time.ts';

interface Element {
  readonly key: string;
  readonly n: number;
}

type Keyed = KeyedStream<Element, string>;

const sum = (a: Element, b: Element): Element => ({ key: a.key, n: a.n + b.n });
const gap = millis(15);
const size = millis(20);

const JOBS: Readonly<Record<string, (keyed: Keyed) => unknown>> = {
  'a rolling reduce': (keyed) => keyed.reduce(sum),
  'tumbling windows': (keyed) => keyed.window(TumblingEventTimeWindows.of(size)).reduce(sum),
  'sliding windows with lateness': (keyed) =>
    keyed
      .window(SlidingEventTimeWindows.of(size, millis(5)))
      .allowedLateness(gap)
      .reduce(sum),
  'sessions of lists': (keyed) =>
    keyed.window(EventTimeSessionWindows.withGap(gap)).process({
      process: ({ key, window, elements, out }) =>
        out.collect([key, window.start, window.end, [...elements].map(({ n }) => n)]),
    }),
  'sessions with a trigger that keeps state': (keyed) =>
    keyed
      .window(EventTimeSessionWindows.withGap(gap))
      .trigger(ContinuousEventTimeTrigger.of(millis(7)))
      .reduce(sum),
  'evicted counts': (keyed) =>
    keyed
      .window(GlobalWindows.create())
      .trigger(CountTrigger.of(3))
      .evictor(CountEvictor.of(5))
      .process({ process: ({ key, elements, out }) => out.collect([key, [...elements].length]) }),
};

/** A table in memory that holds what was committed. */
class Rows {
  readonly #keys = new Map<string, Map<string, PlaceRow>>();

  read(key: unknown): readonly PlaceRow[] {
    const places = this.#keys.get(hex(encodeKey(key))) ?? new Map<string, PlaceRow>();
    return [...places].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  }

  get size(): number {
    return [...this.#keys.values()].reduce((total, places) => total + places.size, 0);
  }

  apply(change: RowChange): void {
    const name = hex(change.key);
    const places = this.#keys.get(name) ?? new Map<string, PlaceRow>();
    this.#keys.set(name, places);
    if (change.op === 'put') places.set(hex(change.place), change);
    else {
      for (const [place, row] of places) {
        const isBehind = Buffer.compare(row.place, change.place) >= 0;
        if (isBehind && Buffer.compare(row.place, change.end) < 0) places.delete(place);
      }
    }
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** One operator with what it has emitted. */
class Subject {
  readonly rows: Rows | undefined;
  readonly #job: (keyed: Keyed) => unknown;
  readonly #deltas: OperatorDelta[] = [];
  emitted: string[] = [];
  operator!: Operator;

  constructor(job: (keyed: Keyed) => unknown, rows: Rows | undefined) {
    this.#job = job;
    this.rows = rows;
  }

  async open(): Promise<void> {
    const env = StreamExecutionEnvironment.create();
    this.#job(env.fromData<Element>([]).keyBy(({ key }) => key));
    const spec = env.getStreamGraph('j').nodes.at(-1)?.spec;
    if (spec === undefined) throw new Error('The job has no operator.');
    this.operator = createOperator(spec, this.#context());
    for (const delta of this.#deltas) this.operator.applyState(delta);
    await this.operator.open();
  }

  commit(): void {
    const delta = structuredClone(this.operator.collectState('changes'));
    if (this.rows !== undefined) for (const change of rowChangesOf(delta.keyed)) this.rows.apply(change);
    this.#deltas.push(this.rows === undefined ? delta : { ...delta, keyed: [] });
  }

  async restart(): Promise<void> {
    this.commit();
    await this.open();
  }

  /** What was emitted since this was last called, in no certain order. */
  output(): readonly string[] {
    const output = this.emitted.sort();
    this.emitted = [];
    return output;
  }

  #context(): OperatorContext {
    const metrics = new MetricRegistry();
    const { rows } = this;
    const output: Input = {
      processElement: (value, timestamp) => void this.emitted.push(JSON.stringify([value, timestamp])),
      processWatermark: () => {},
      processWatermarkStatus: () => {},
    };
    return {
      ...{ operatorName: 'op', operatorUid: 'op', stateId: 'op', location: 'here', jobName: 'j' },
      ...{ subtask: 0, parallelism: 1, maxParallelism: 128, onError: 'fail', freezeState: true },
      ...{ output, sideOutput: () => undefined, cursor: { operator: undefined }, journal: undefined },
      processingTime: new ManualProcessingTime(),
      counter: (name) => metrics.counter('op', name),
      trackChanges: true,
      keyedRows: rows && {
        readKey: (key) => rows.read(key),
        limits: { keysMax: 1, bytesMax: 1e9 },
        full: () => {},
      },
    };
  }
}

const programs = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ key: fc.constantFrom('a', 'b', 'c'), time: fc.nat(120), n: fc.nat(9) }),
    },
    { weight: 2, arbitrary: fc.record({ watermark: fc.nat(140) }) },
    { weight: 2, arbitrary: fc.constantFrom('commit' as const, 'restart' as const) },
  ),
  { maxLength: 60, size: 'max' },
);

describe('operators with keyed state in a table', () => {
  it.each(Object.entries(JOBS))('do what they do on the heap: %s', async (_name, job) => {
    await fc.assert(
      fc.asyncProperty(programs, async (program) => {
        const [heap, table] = [new Subject(job, undefined), new Subject(job, new Rows())];
        await heap.open();
        await table.open();
        for (const step of program) {
          for (const subject of [heap, table]) {
            const [input] = subject.operator.inputs;
            if (step === 'commit') subject.commit();
            else if (step === 'restart') await subject.restart();
            else if ('watermark' in step) input.processWatermark(step.watermark);
            else input.processElement({ key: step.key, n: step.n }, step.time);
          }
          expect(table.output()).toEqual(heap.output());
        }
      }),
      { numRuns: 60 },
    );
  });

  it('leave nothing in the table once all windows are gone', async () => {
    const job = JOBS['sessions of lists'];
    if (job === undefined) throw new Error('There is no such job.');
    const table = new Subject(job, new Rows());
    await table.open();
    const [input] = table.operator.inputs;
    for (let n = 0; n < 200; n++) input.processElement({ key: `k${n % 7}`, n }, n % 90);
    table.commit();
    expect(table.rows?.size).toBeGreaterThan(7);
    input.processWatermark(1000);
    table.commit();
    expect(table.rows?.size).toBe(0);
  });
});
