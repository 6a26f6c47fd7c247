import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  CollectSink,
  DataGeneratorSource,
  FileSource,
  millis,
  type Source,
  StreamExecutionEnvironment,
  TumblingEventTimeWindows,
  UserError,
  WatermarkStrategy,
} from '../../../lib/index.ts';

/** A source of one split whose reader has nothing until `ready` resolves, then its records and the end. */
function waitingSource<T>(records: readonly T[], ready: Promise<void>): Source<T> {
  let isReady = false;
  return {
    connector: 'waiting',
    description: 'waiting',
    boundedness: 'bounded',
    load: async () => ({
      createEnumerator: () => ({
        start: async () => {},
        handleSplitRequest: () => {},
        snapshotState: () => undefined,
        close: async () => {},
      }),
      createReader: () => ({
        start: async () => {},
        pollNext: (output) => {
          if (!isReady) return 'nothing-available';
          for (const record of records) output.forSplit('only').collect(record, 0);
          output.releaseSplit('only');
          return 'end-of-input';
        },
        isAvailable: () =>
          ready.then(() => {
            isReady = true;
          }),
        addSplits: () => {},
        notifyNoMoreSplits: () => {},
        snapshotState: () => [],
        currentPosition: () => 'somewhere',
        close: async () => {},
      }),
    }),
  };
}

const never = new Promise<void>(() => {});

/** Runs until `done` holds, then stops the job as SIGINT does; fails if that takes too long. */
async function runUntil(env: StreamExecutionEnvironment, done: () => boolean): Promise<void> {
  const stop = new AbortController();
  const job = env.execute('until', { signal: stop.signal });
  const deadline = Date.now() + 5000;
  while (!done() && Date.now() < deadline) await delay(5);
  stop.abort();
  expect((await job).status).toBe('stopped');
  expect(done()).toBe(true);
}

describe('a source that has nothing', () => {
  it('comes back while another keeps the job busy without a pause', async () => {
    const env = StreamExecutionEnvironment.create();
    const sink = new CollectSink<string>();
    env
      .fromSource(waitingSource(['late'], delay(30)), WatermarkStrategy.noWatermarks(), 'waiting')
      .sinkTo(sink)
      .uid('late');
    const endless = new DataGeneratorSource((index) => index);
    env
      .fromSource(endless, WatermarkStrategy.noWatermarks(), 'endless')
      .filter((n) => n < 0)
      .print();
    await runUntil(env, () => sink.values.length === 1);
  });

  it('ends the job when it fails, also while another keeps it busy', async () => {
    const env = StreamExecutionEnvironment.create();
    const failing = delay(30).then(() => {
      throw new UserError('SOURCE_INVALID', 'data.gz is damaged');
    });
    failing.catch(() => {});
    env.fromSource(waitingSource(['x'], failing), WatermarkStrategy.noWatermarks(), 'broken').print();
    const endless = new DataGeneratorSource((index) => index);
    env
      .fromSource(endless, WatermarkStrategy.noWatermarks(), 'endless')
      .filter((n) => n < 0)
      .print();
    await expect(env.execute('broken')).rejects.toMatchObject({ code: 'SOURCE_INVALID' });
  });

  it.each([1, 2])('does not keep back what it emitted before, at parallelism %i', async (parallelism) => {
    const env = StreamExecutionEnvironment.create();
    const sink = new CollectSink<number>();
    const slow = new DataGeneratorSource((index) => index, { recordsPerSecond: 0.001 });
    env
      .fromSource(slow, WatermarkStrategy.noWatermarks(), 'slow')
      .setParallelism(1)
      .keyBy((n) => n)
      .reduce((a) => a)
      .uid('same')
      .setParallelism(parallelism)
      .sinkTo(sink)
      .uid('sink');
    await runUntil(env, () => sink.values.length === 1);
  });

  it('has emitted the watermark of its last record, also at the end of a short split', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-watch-'));
    writeFileSync(join(folder, 'a.ndjson'), '1\n8\n100\n');
    const env = StreamExecutionEnvironment.create().setParallelism(2);
    const sink = new CollectSink<number>();
    env
      .fromSource(
        FileSource.ndjson<number>(folder, { mode: 'watch' }),
        WatermarkStrategy.forMonotonousTimestamps<number>({ timestamp: (n) => n }).withIdleness(millis(50)),
        'watched',
      )
      .keyBy(() => 'all')
      .window(TumblingEventTimeWindows.of(millis(10)))
      .reduce((a, b) => a + b)
      .uid('windows')
      .sinkTo(sink)
      .uid('sink');
    await runUntil(env, () => sink.values.length > 0);
    expect(sink.values).toEqual([9]);
    rmSync(folder, { recursive: true });
  });

  it('does not hold the windows back once it is idle', async () => {
    const env = StreamExecutionEnvironment.create();
    const sink = new CollectSink<number>();
    const strategy = WatermarkStrategy.forMonotonousTimestamps<number>({ timestamp: (n) => n }).withIdleness(
      millis(50),
    );
    const active = new DataGeneratorSource((index) => index, { recordsPerSecond: 1000 });
    env
      .fromSource(active, strategy, 'active')
      .union(env.fromSource(waitingSource([0], never), strategy, 'silent'))
      .windowAll(TumblingEventTimeWindows.of(millis(10)))
      .reduce((a, b) => a + b)
      .uid('windows')
      .sinkTo(sink)
      .uid('sink');
    await runUntil(env, () => sink.values.length > 3);
    expect(sink.values[0]).toBe(45);
  });
});

describe('a job that fails', () => {
  it('reports what went wrong first, not what closing adds to it', async () => {
    const env = StreamExecutionEnvironment.create();
    const broken = {
      map: (n: number): number => {
        throw new Error(`no ${n}`);
      },
      close: () => {
        throw new Error('nor closing');
      },
    };
    env.fromData(1).map(broken).print();
    await expect(env.execute('broken')).rejects.toThrow('no 1');
  });

  it('reports what closing throws when nothing else went wrong', async () => {
    const env = StreamExecutionEnvironment.create();
    const broken = {
      map: (n: number) => n,
      close: () => {
        throw new Error('cannot close');
      },
    };
    env.fromData(1).map(broken).print();
    await expect(env.execute('broken')).rejects.toThrow('cannot close');
  });

  it('reports an exception of open with its operator', async () => {
    const env = StreamExecutionEnvironment.create();
    const broken = {
      map: (n: number) => n,
      open: () => {
        throw new Error('cannot open');
      },
    };
    env.fromData(1).map(broken).name('Lookup').print();
    await expect(env.execute('broken')).rejects.toMatchObject({
      code: 'FUNCTION_FAILED',
      message: expect.stringContaining("Operator 'Lookup'"),
    });
  });
});
