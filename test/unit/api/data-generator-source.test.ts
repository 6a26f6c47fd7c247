import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DataGeneratorOptions, DataGeneratorSource } from '../../../lib/api/data-generator-source.ts';
import type { SourceReader, SourceSplit } from '../../../lib/core/connector.ts';
import { NO_TIMESTAMP } from '../../../lib/core/time.ts';

interface Reading {
  readonly index: number;
  readonly subtask: number;
}

/** A source with its enumerator and readers, which are polled by hand. */
async function open(options: DataGeneratorOptions, parallelism: number) {
  const source = new DataGeneratorSource((index) => index, options);
  const runtime = await source.load();
  const readings: Reading[] = [];
  const released: string[] = [];
  const readers: SourceReader<number, SourceSplit>[] = [];
  const enumerator = runtime.createEnumerator({
    parallelism,
    assignSplit: (split, subtask) => readers[subtask]?.addSplits([split]),
    signalNoMoreSplits: (subtask) => readers[subtask]?.notifyNoMoreSplits(),
    currentTimeMs: () => 0,
  });
  for (let subtask = 0; subtask < parallelism; subtask++) {
    const requestSplit = () => enumerator.handleSplitRequest(subtask);
    readers.push(runtime.createReader({ subtask, requestSplit }));
  }
  for (const reader of readers) await reader.start();
  const poll = (subtask: number, maxRecords: number) =>
    readers[subtask]!.pollNext(
      {
        forSplit: () => ({
          collect: (index, timestamp) => {
            expect(timestamp).toBe(NO_TIMESTAMP);
            readings.push({ index, subtask });
          },
          reject: () => {},
        }),
        releaseSplit: (splitId) => released.push(splitId),
        markIdle: () => {},
      },
      maxRecords,
    );
  return { source, runtime, readers, readings, released, poll };
}

describe('a bounded generator', () => {
  it('makes every index exactly once, in order within a subtask, whatever the parallelism', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(200), fc.integer({ min: 1, max: 7 }), async (count, parallelism) => {
        const { readings, poll, released, source } = await open({ count }, parallelism);
        expect(source.boundedness).toBe('bounded');
        for (let subtask = 0; subtask < parallelism; subtask++) {
          for (let i = 0; poll(subtask, 10) !== 'end-of-input'; i++) expect(i).toBeLessThan(100);
        }
        expect(readings.map(({ index }) => index)).toEqual(
          Array.from({ length: count }, (_, index) => index),
        );
        expect(released).toHaveLength(parallelism);
      }),
    );
  });

  it('continues where its snapshot says', async () => {
    const first = await open({ count: 10 }, 1);
    first.poll(0, 4);
    expect(first.readers[0]!.currentPosition()).toBe('index 3');
    const splits = first.readers[0]!.snapshotState();
    const indexes: number[] = [];
    const reader = first.runtime.createReader({
      subtask: 0,
      requestSplit: () => reader.notifyNoMoreSplits(),
    });
    reader.addSplits(splits);
    await reader.start();
    const output = {
      forSplit: () => ({ collect: (n: number) => void indexes.push(n), reject() {} }),
      releaseSplit() {},
      markIdle() {},
    };
    expect(reader.pollNext(output, 100)).toBe('end-of-input');
    expect(indexes).toEqual([4, 5, 6, 7, 8, 9]);
  });
});

describe('an unbounded generator', () => {
  it('deals the indexes out and never ends', async () => {
    const { readings, poll, source } = await open({}, 2);
    expect(source.boundedness).toBe('continuous-unbounded');
    expect([poll(0, 3), poll(1, 2), poll(0, 1)]).toEqual([
      'more-available',
      'more-available',
      'more-available',
    ]);
    expect(readings).toEqual([
      { index: 0, subtask: 0 },
      { index: 2, subtask: 0 },
      { index: 4, subtask: 0 },
      { index: 1, subtask: 1 },
      { index: 3, subtask: 1 },
      { index: 6, subtask: 0 },
    ]);
  });
});

describe('a rate', () => {
  it('lets the first record through at once and makes the next one wait', async () => {
    const { readings, poll, readers } = await open({ recordsPerSecond: 0.001 }, 1);
    expect(poll(0, 100)).toBe('nothing-available');
    expect(poll(0, 100)).toBe('nothing-available');
    expect(readings).toHaveLength(1);
    await readers[0]!.isAvailable();
  });
});

describe('options', () => {
  it('that make no sense are refused', () => {
    expect(() => new DataGeneratorSource((n) => n, { count: -1 })).toThrow('count');
    expect(() => new DataGeneratorSource((n) => n, { count: 1.5 })).toThrow('count');
    expect(() => new DataGeneratorSource((n) => n, { recordsPerSecond: 0 })).toThrow('recordsPerSecond');
  });
});
