import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ErrorPolicy } from '../../../lib/graph/operator-spec.ts';
import {
  CollectSink,
  FileSink,
  millis,
  StreamExecutionEnvironment,
  TumblingEventTimeWindows,
  ValueStateDescriptor,
  WatermarkStrategy,
} from '../../../lib/index.ts';

let folder = '';
const deadLetters = () =>
  readFileSync(join(folder, 'dead.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-errors-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Counts per key; throws on every multiple of 10 after it has already counted it and emitted twice. */
function counting(policy: ErrorPolicy, parallelism: number) {
  const env = StreamExecutionEnvironment.create();
  const counts = env
    .fromSequence(1, 95)
    .keyBy((n) => n % 3)
    .process<string>((n, context, out) => {
      const seen = context.getState(SEEN);
      const count = (seen.value() ?? 0) + 1;
      seen.update(count);
      out.collect(`${n % 3}:${count}`);
      if (n % 10 === 0) throw new Error(`cannot take ${n}`);
    })
    .uid('count')
    .setParallelism(parallelism)
    .onError(policy);
  return { env, counts };
}
const SEEN = new ValueStateDescriptor<number>('seen');

describe("a function that throws, with onError: 'dead-letter'", () => {
  it.each([1, 4])(
    'leaves no trace of the record but its dead letter, at parallelism %i',
    async (parallelism) => {
      const { env, counts } = counting('dead-letter', parallelism);
      counts
        .sinkTo(FileSink.ndjson(join(folder, 'out')))
        .uid('out')
        .setParallelism(1);
      const result = await env.execute('counts', { deadLetterFile: join(folder, 'dead.ndjson') });
      const rows = readdirSync(join(folder, 'out')).flatMap((part) =>
        readFileSync(join(folder, 'out', part), 'utf8')
          .trim()
          .split('\n'),
      );
      const expected = new Map<number, number>();
      const expectedRows: string[] = [];
      for (let n = 1; n <= 95; n++) {
        if (n % 10 === 0) continue;
        expected.set(n % 3, (expected.get(n % 3) ?? 0) + 1);
        expectedRows.push(JSON.stringify(`${n % 3}:${expected.get(n % 3)}`));
      }
      expect(rows.toSorted()).toEqual(expectedRows.toSorted());
      expect(result.metrics.numRecordsInErrors).toBe(9);
      const letters = deadLetters();
      expect(letters.map(({ raw }) => Number(raw)).toSorted((a, b) => a - b)).toEqual([
        10, 20, 30, 40, 50, 60, 70, 80, 90,
      ]);
      expect(letters[0]).toMatchObject({
        operator: 'count',
        code: 'FUNCTION_FAILED',
        reason: expect.stringMatching(/^cannot take/),
      });
    },
  );

  it('still fails the job when a window throws that a watermark fired', async () => {
    const env = StreamExecutionEnvironment.create();
    env
      .fromSequence(1, 100)
      .assignTimestampsAndWatermarks(
        WatermarkStrategy.forMonotonousTimestamps({ timestamp: (n) => n, emit: 'per-record' }),
      )
      .keyBy(() => 'all')
      .window(TumblingEventTimeWindows.of(millis(10)))
      .process<number>(({ elements }) => {
        throw new Error(`bad window of ${elements.length}`);
      })
      .uid('windows')
      .onError('dead-letter')
      .print();
    await expect(env.execute('windows', { deadLetterFile: join(folder, 'dead.ndjson') })).rejects.toThrow(
      'bad window',
    );
    expect(existsSync(join(folder, 'dead.ndjson'))).toBe(false);
  });
});

describe("a record that one sink cannot write, with onError: 'dead-letter'", () => {
  it('is a dead letter of that sink alone, and the job goes on', async () => {
    const env = StreamExecutionEnvironment.create().onError('dead-letter');
    const numbers = env.fromData([1, Number.NaN, 3]).map((n) => ({ n }));
    numbers.sinkTo(FileSink.ndjson(join(folder, 'out'))).uid('files');
    const all = new CollectSink<{ n: number }>();
    numbers.sinkTo(all).uid('all');
    const result = await env.execute('numbers', { deadLetterFile: join(folder, 'dead.ndjson') });
    expect(all.values).toHaveLength(3);
    expect(readFileSync(join(folder, 'out/part-0-0.ndjson'), 'utf8')).toBe('{"n":1}\n{"n":3}\n');
    expect(result.metrics.numRecordsInErrors).toBe(1);
    expect(deadLetters()).toMatchObject([{ operator: 'files', code: 'RECORD_INVALID' }]);
  });
});

describe('a record that is undone after a watermark generator saw it', () => {
  it('has not moved the watermark, and the next one does', async () => {
    const env = StreamExecutionEnvironment.create().onError('dead-letter');
    const seen = new CollectSink<string>();
    env
      .fromData([10, 99, 20])
      .flatMap<number>({
        flatMap: (n, out) => {
          out.collect(n);
          if (n === 99) throw new Error('not this one');
        },
      })
      .assignTimestampsAndWatermarks(
        WatermarkStrategy.forMonotonousTimestamps({ timestamp: (n) => n, emit: 'per-record' }),
      )
      .keyBy(() => 'all')
      .process<string>((n, { timerService }, out) =>
        out.collect(`${n} after ${timerService.currentWatermark()}`),
      )
      .uid('probe')
      .sinkTo(seen)
      .uid('seen');
    await env.execute('undone', { deadLetterFile: join(folder, 'dead.ndjson') });
    expect(seen.values).toEqual([`10 after ${Number.MIN_SAFE_INTEGER}`, '20 after 9']);
  });
});

describe("a function that throws, with onError: 'fail'", () => {
  it.each([1, 4])(
    'ends the job, names the operator, and leaves no part file, at parallelism %i',
    async (parallelism) => {
      const { env, counts } = counting('fail', parallelism);
      counts.sinkTo(FileSink.ndjson(join(folder, 'out'))).uid('out');
      await expect(env.execute('counts')).rejects.toMatchObject({
        code: 'FUNCTION_FAILED',
        message: expect.stringMatching(/Operator .*'count'.*user-errors\.test\.ts:\d+.*cannot take \d0/s),
        context: { operatorUid: 'count' },
      });
      expect(existsSync(join(folder, 'out')) ? readdirSync(join(folder, 'out')) : []).toEqual([]);
    },
  );
});

describe('timestamps that are none', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1.5])(
    '%d makes the record a dead letter of its source',
    async (bad) => {
      const env = StreamExecutionEnvironment.create();
      const { DataGeneratorSource } = await import('../../../lib/index.ts');
      const source = new DataGeneratorSource((index: number) => ({ index }), { count: 10 });
      env
        .fromSource(
          source,
          WatermarkStrategy.forMonotonousTimestamps({
            timestamp: ({ index }) => (index === 3 ? bad : index),
          }),
          'events',
        )
        .sinkTo(FileSink.ndjson(join(folder, 'out')))
        .uid('out');
      const result = await env.execute('timestamps', { deadLetterFile: join(folder, 'dead.ndjson') });
      expect(result.metrics).toMatchObject({ numRecordsIn: 10, numRecordsOut: 9, numRecordsInErrors: 1 });
      expect(deadLetters()).toMatchObject([
        { operator: 'events', code: 'TIMESTAMP_INVALID', raw: '{"index":3}' },
      ]);
    },
  );

  it('an undefined key ends the job and says what a key is', async () => {
    const env = StreamExecutionEnvironment.create();
    env
      .fromData([{ user: 'a' }, {} as { user: string }])
      .keyBy((record) => record.user)
      .reduce((a) => a)
      .uid('last')
      .print();
    await expect(env.execute('keys')).rejects.toThrow(
      /record at index 1: The key selector of operator 'Keyed Reduce' returned undefined; return a string/,
    );
  });
});
