/** A job with keyed state and windows that can be cut anywhere and restored changed. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  type Collector,
  DataGeneratorSource,
  type DataStream,
  defineJob,
  FileSink,
  FileSource,
  type KeyedProcessFunction,
  type KeyedStream,
  type ListState,
  ListStateDescriptor,
  millis,
  type RuntimeContext,
  TumblingEventTimeWindows,
  type ValueState,
  ValueStateDescriptor,
  WatermarkStrategy,
} from '../../../lib/index.ts';
import { LocalJob } from '../../../lib/local/local-jobs.ts';

export interface Reading {
  readonly sensor: string;
  readonly time: number;
  readonly value: number;
}

/** What a version of the job is like. */
export interface SensorJob {
  readonly name?: string;
  readonly parallelism?: number;
  readonly maxParallelism?: number;
  readonly stateBackend?: 'heap' | 'table';
  readonly chaining?: false;
  readonly windowMs?: number;
  /** uid of the source. */
  readonly source?: string;
  /** uid of the running sums. */
  readonly sums?: string;
  /** Kind of their state. */
  readonly sumsIn?: 'value' | 'list';
  /** Operators between source and sums. */
  readonly before?: 'nothing' | 'map' | 'counter';
  /** The running sums are left out. */
  readonly withoutSums?: true;
  readonly withoutWindows?: true;
  /** The source is a file. */
  readonly fromFile?: true;
}

interface RunOptions {
  readonly fromSavepoint?: string;
  readonly allowNonRestoredState?: boolean;
  /** Records after which the job is stopped. */
  readonly stopAfter?: number;
}

interface Sum {
  readonly sensor: string;
  readonly sum: number;
}

class Sums implements KeyedProcessFunction<string, Reading, Sum> {
  #sum!: ValueState<number>;
  open(context: RuntimeContext): void {
    this.#sum = context.getState(new ValueStateDescriptor<number>('sum', 0));
  }
  processElement({ sensor, value }: Reading, _context: unknown, out: Collector<Sum>): void {
    const sum = (this.#sum.value() ?? 0) + value;
    this.#sum.update(sum);
    out.collect({ sensor, sum });
  }
}

class ListedSums implements KeyedProcessFunction<string, Reading, Sum> {
  #sums!: ListState<number>;
  open(context: RuntimeContext): void {
    this.#sums = context.getListState(new ListStateDescriptor<number>('sum'));
  }
  processElement({ sensor, value }: Reading, _context: unknown, out: Collector<Sum>): void {
    this.#sums.add(value);
    out.collect({ sensor, sum: this.#sums.get().reduce((a, b) => a + b, 0) });
  }
}

/** Hands on what it gets and keeps how much that was. */
class Counter implements KeyedProcessFunction<string, Reading, Reading> {
  #count!: ValueState<number>;
  open(context: RuntimeContext): void {
    this.#count = context.getState(new ValueStateDescriptor<number>('count', 0));
  }
  processElement(reading: Reading, _context: unknown, out: Collector<Reading>): void {
    this.#count.update((this.#count.value() ?? 0) + 1);
    out.collect(reading);
  }
}

export class SensorRuns {
  readonly #root = mkdtempSync(join(tmpdir(), 'millrace-sensors-'));
  readonly #readings: readonly Reading[];
  #folders = 0;

  /** `readings` are at most 50 ms out of order. The folder goes away when the test ends. */
  constructor(readings: readonly Reading[]) {
    this.#readings = readings;
    onTestFinished(() => rmSync(this.#root, { recursive: true, force: true }));
  }

  #file(): string {
    const file = join(this.#root, 'readings.ndjson');
    writeFileSync(file, this.#readings.map((one) => `${JSON.stringify(one)}\n`).join(''));
    return file;
  }

  folder(): string {
    this.#folders += 1;
    return join(this.#root, String(this.#folders));
  }

  /** Rows of a run from the start to the end. */
  async uninterrupted(job: SensorJob): Promise<readonly string[]> {
    return (await this.run(job, {})).rows;
  }

  /** Rows until the job is stopped, and a savepoint of it. */
  async cut(job: SensorJob, stopAfter: number, options: RunOptions = {}) {
    const { rows, stateDir } = await this.run(job, { ...options, stopAfter });
    const savepoint = this.folder();
    await new LocalJob(stateDir).savepoint(savepoint);
    return { rows, savepoint };
  }

  /** Rows of the savepoint's job, which is cut once it has read so much, and of what goes on from there. */
  async run(job: SensorJob, { stopAfter, ...options }: RunOptions) {
    const [stateDir, out] = [this.folder(), this.folder()];
    const stop = new AbortController();
    let read = 0;
    const counted = (reading: Reading): Reading => {
      read += 1;
      if (read === stopAfter) stop.abort();
      return reading;
    };
    await this.#define(job, { out, counted }).execute({ ...options, stateDir, signal: stop.signal });
    return { rows: rowsIn(out), stateDir };
  }

  #define(
    job: SensorJob,
    { out, counted }: { readonly out: string; readonly counted: (r: Reading) => Reading },
  ) {
    const { name = 'sensors', chaining, windowMs = 100, source = 'readings', sums = 'sums' } = job;
    const { parallelism = 1, maxParallelism, stateBackend = 'heap' } = job;
    const settings = {
      parallelism,
      stateBackend,
      ...(maxParallelism === undefined ? {} : { maxParallelism }),
    };
    return defineJob(
      name,
      (env) => {
        if (chaining === false) env.disableOperatorChaining();
        const readings = this.#readings;
        // Small batches: a run may be cut between any two.
        const generated = new DataGeneratorSource((n: number) => readings[n]!, {
          count: readings.length,
          recordsPerSecond: 5000,
        });
        const timestamps = WatermarkStrategy.forBoundedOutOfOrderness<Reading>(millis(50), {
          timestamp: ({ time }) => time,
        });
        const stream = job.fromFile
          ? env.fromSource(FileSource.ndjson<Reading>(this.#file()), timestamps, 'readings')
          : env.fromSource(generated, timestamps, 'readings');
        const read = stream.uid(source).setParallelism(1).map(counted).setParallelism(1);
        const bySensor = withBefore(read, job).keyBy(({ sensor }) => sensor);
        if (!job.withoutWindows) addWindows(bySensor, { windowMs, out });
        if (job.withoutSums) return;
        bySensor
          .process(job.sumsIn === 'list' ? new ListedSums() : new Sums())
          .uid(sums)
          .sinkTo(FileSink.ndjson(join(out, 'sums')))
          .uid('sums-out');
      },
      settings,
    );
  }
}

function addWindows(
  bySensor: KeyedStream<Reading, string>,
  { windowMs, out }: { readonly windowMs: number; readonly out: string },
): void {
  bySensor
    .window(TumblingEventTimeWindows.of(millis(windowMs)))
    .reduce(
      (a, b) => ({ sensor: a.sensor, time: a.time, value: a.value + b.value }),
      ({ key, window, value }) => ({ sensor: key, start: window.start, total: value.value }),
    )
    .uid('windows')
    .sinkTo(FileSink.ndjson(join(out, 'windows')))
    .uid('windows-out');
}

function withBefore(stream: DataStream<Reading>, { before = 'nothing' }: SensorJob): DataStream<Reading> {
  if (before === 'nothing') return stream;
  if (before === 'map') return stream.map((reading) => reading);
  return stream
    .keyBy(({ sensor }) => sensor)
    .process(new Counter())
    .uid('counter');
}

function rowsIn(folder: string): readonly string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return files
    .flatMap(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .sort();
}
