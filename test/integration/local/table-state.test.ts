/** Jobs whose keyed state lives in the table of a state directory: stopped, killed, changed and moved. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Collector,
  DataGeneratorSource,
  defineJob,
  EventTimeSessionWindows,
  FileSink,
  type JobStatus,
  type KeyedProcessContext,
  type KeyedProcessFunction,
  ListStateDescriptor,
  MapStateDescriptor,
  millis,
  type OnTimerContext,
  type RuntimeContext,
  type StateBackend,
  TumblingEventTimeWindows,
  WatermarkStrategy,
} from '../../../lib/index.ts';
import { outputRows } from '../../crash/job-output.ts';

interface Event {
  readonly key: string;
  readonly time: number;
  readonly n: number;
}

interface Row {
  readonly what: string;
}

/** Lists, maps and timers: tells what it has gathered of a key, and forgets it, every 50 ms. */
class Gather implements KeyedProcessFunction<string, Event, Row> {
  #numbers = new ListStateDescriptor<number>('numbers');
  #counts = new MapStateDescriptor<number, number>('counts');
  #state!: RuntimeContext;

  open(context: RuntimeContext): void {
    this.#state = context;
  }

  processElement({ time, n }: Event, { timerService }: KeyedProcessContext<string>): void {
    this.#state.getListState(this.#numbers).add(n);
    const counts = this.#state.getMapState(this.#counts);
    counts.put(n % 3, (counts.get(n % 3) ?? 0) + 1);
    timerService.registerEventTimeTimer(time - (time % 50) + 50);
  }

  onTimer(time: number, { currentKey }: OnTimerContext<string>, out: Collector<Row>): void {
    const numbers = this.#state.getListState(this.#numbers);
    const counts = [...this.#state.getMapState(this.#counts).entries()].sort(([a], [b]) => a - b);
    out.collect({ what: `${currentKey} ${time} ${[...numbers.get()].join()} ${JSON.stringify(counts)}` });
    numbers.clear();
    if (time % 100 === 0) this.#state.getMapState(this.#counts).clear();
  }
}

interface JobOptions {
  readonly backend: StateBackend;
  readonly parallelism?: number;
  readonly maxParallelism?: number;
  readonly without?: 'gather' | 'sessions';
  readonly tumbling?: boolean;
  /** Called with every index, in order for each reader. */
  readonly at?: (index: number) => void;
}

const EVENTS = 6000;
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-table-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function jobOf({ backend, parallelism = 1, maxParallelism, without, tumbling, at }: JobOptions) {
  return defineJob('table', (env) => {
    env.setStateBackend(backend).setParallelism(parallelism);
    if (maxParallelism !== undefined) env.setMaxParallelism(maxParallelism);
    const generate = (n: number): Event => {
      at?.(n);
      return { key: `k${(n * 7919) % 97}`, time: n - (n % 5), n };
    };
    const source = new DataGeneratorSource(generate, { count: EVENTS });
    const byTime = WatermarkStrategy.forBoundedOutOfOrderness<Event>(millis(20), {
      timestamp: ({ time }) => time,
      emit: 'per-record',
    });
    const keyed = env
      .fromSource(source, byTime, 'events')
      .setParallelism(1)
      .keyBy(({ key }) => key);
    const rows = (name: string) => FileSink.ndjson<Row>(join(folder, 'out', name));
    if (without !== 'gather') {
      const gathered = keyed.process(new Gather()).uid('gather');
      gathered.sinkTo(rows('gather')).uid('gather-out');
    }
    if (without !== 'sessions') {
      keyed
        .window(EventTimeSessionWindows.withGap(millis(60)))
        .reduce(
          ({ key, time, n }, other) => ({ key, time, n: n + other.n }),
          ({ key, window, value, out }) =>
            out.collect({ what: `${key} ${window.start} ${window.end} ${value.n}` }),
        )
        .uid('sessions')
        .sinkTo(rows('sessions'))
        .uid('sessions-out');
    }
    if (tumbling) {
      keyed
        .window(TumblingEventTimeWindows.of(millis(500)))
        .reduce(
          ({ key, time, n }, other) => ({ key, time, n: n + other.n }),
          ({ key, window, value, out }) => out.collect({ what: `${key} ${window.start} ${value.n}` }),
        )
        .uid('tumbling')
        .sinkTo(rows('tumbling'))
        .uid('tumbling-out');
    }
  });
}

const stateDir = () => join(folder, 'state');

/** Runs until the source has made the record `index`, then stops as a signal would. */
async function runUntil(index: number, options: JobOptions, allowNonRestoredState = false): Promise<void> {
  const stop = new AbortController();
  const at = (n: number) => {
    if (n === index) stop.abort();
  };
  const result = await jobOf({ ...options, at }).execute({
    ...{ stateDir: stateDir(), signal: stop.signal, allowNonRestoredState },
  });
  expect(result.status).toBe('stopped');
}

async function runToEnd(options: JobOptions, allowNonRestoredState = false) {
  const result = await jobOf(options).execute({ stateDir: stateDir(), allowNonRestoredState });
  expect(result.status).toBe('finished');
  return output();
}

async function output() {
  return outputRows(join(folder, 'out'));
}

/** Output of the job on the heap in one run. */
async function expected(options: Omit<JobOptions, 'backend'> = {}) {
  const rows = await runToEnd({ ...options, backend: 'heap' });
  rmSync(folder, { recursive: true });
  return rows;
}

/** Operators and numbers of rows of the table. */
function storedRows(): Record<string, number> {
  const database = new DatabaseSync(join(stateDir(), 'state.db'), { readOnly: true });
  const rows = database.prepare('SELECT operator, count(*) AS n FROM keyed GROUP BY operator').all();
  database.close();
  return Object.fromEntries(rows.map(({ operator, n }) => [String(operator), Number(n)]));
}

describe('keyed state in a table', () => {
  it('gives the output of the heap, windows included, over any number of stops', async () => {
    const rows = await expected({ tumbling: true });
    const table: JobOptions = { backend: 'table', tumbling: true };
    for (const index of [100, 1500, 3000, 4500]) await runUntil(index, table);
    expect(Object.keys(storedRows())).toEqual(['gather', 'sessions', 'tumbling']);
    expect(await runToEnd(table)).toEqual(rows);
  });

  it('goes on from the last commit after a failure', async () => {
    const rows = await expected();
    await runUntil(2000, { backend: 'table' });
    const before = storedRows();
    const failing = jobOf({
      backend: 'table',
      at: (n) => {
        if (n === 5000) throw new Error('the machine is gone');
      },
    });
    await expect(failing.execute({ stateDir: stateDir() })).rejects.toThrow('the machine is gone');
    expect(storedRows()).toEqual(before);
    expect(await runToEnd({ backend: 'table' })).toEqual(rows);
  });

  it('leaves rows where they are when the parallelism changes', async () => {
    const rows = await expected();
    await runUntil(1000, { backend: 'table', parallelism: 3 });
    await runUntil(3000, { backend: 'table', parallelism: 1 });
    const before = storedRows();
    await runUntil(4200, { backend: 'table', parallelism: 2 });
    expect(Object.keys(storedRows())).toEqual(Object.keys(before));
    expect(await runToEnd({ backend: 'table', parallelism: 4 })).toEqual(rows);
  });

  it.each<readonly [StateBackend, StateBackend]>([
    ['heap', 'table'],
    ['table', 'heap'],
  ])('moves from %s to %s and on', async (from, to) => {
    const rows = await expected();
    await runUntil(2500, { backend: from, parallelism: 2 });
    await runUntil(4000, { backend: to, parallelism: 2 });
    expect(Object.keys(storedRows())).toEqual(to === 'table' ? ['gather', 'sessions'] : []);
    await runUntil(4500, { backend: from, parallelism: 1 });
    expect(Object.keys(storedRows())).toEqual(to === 'table' ? [] : ['gather', 'sessions']);
    expect(await runToEnd({ backend: to })).toEqual(rows);
  });

  it('refuses the other backend to windows that are slices on the heap, and loses nothing', async () => {
    const rows = await expected({ tumbling: true });
    await runUntil(2500, { backend: 'heap', tumbling: true });
    await expect(runToEnd({ backend: 'table', tumbling: true })).rejects.toMatchObject({
      code: 'STATE_INCOMPATIBLE',
      message: expect.stringContaining('state backend'),
    });
    expect(await runToEnd({ backend: 'heap', tumbling: true })).toEqual(rows);
  });

  it('refuses to lose rows of an operator that is gone, and drops them when told to', async () => {
    await runUntil(2500, { backend: 'table' });
    const without: JobOptions = { backend: 'table', without: 'gather' };
    await expect(runToEnd(without)).rejects.toMatchObject({ code: 'STATE_NOT_RESTORED' });
    expect(Object.keys(storedRows())).toEqual(['gather', 'sessions']);
    await runUntil(4000, without, true);
    expect(Object.keys(storedRows())).toEqual(['sessions']);
  });

  it('refuses another number of key groups', async () => {
    await runUntil(2500, { backend: 'table', maxParallelism: 64 });
    await expect(runToEnd({ backend: 'table', maxParallelism: 128 })).rejects.toMatchObject({
      code: 'STATE_INCOMPATIBLE',
    });
  });

  it('needs a state directory', async () => {
    await expect(jobOf({ backend: 'table' }).execute({})).rejects.toMatchObject({
      code: 'ARGUMENT_INVALID',
      message: expect.stringContaining('--state-dir'),
    });
  });
});

describe('a job that goes on', () => {
  it('tells the observer where it stands before its first record', async () => {
    await runUntil(2500, { backend: 'table' });
    const told: JobStatus[] = [];
    const result = await jobOf({ backend: 'table' }).execute({
      stateDir: stateDir(),
      observer: { intervalMs: 1, continued: (_, status) => void told.push(status), progress: () => {} },
    });

    const [status] = told;
    expect(told).toHaveLength(1);
    expect(status?.metrics.numRecordsIn).toBeGreaterThan(2500);
    expect(status?.metrics.numRecordsIn).toBeLessThan(result.metrics.numRecordsIn);
    expect(status?.durationMs).toBeLessThanOrEqual(result.durationMs);
  });
});
