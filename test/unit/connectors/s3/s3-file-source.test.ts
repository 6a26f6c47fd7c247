import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileSource } from '../../../../lib/connectors/file/file-source.ts';
import { S3FileSource } from '../../../../lib/connectors/s3/s3-file-source.ts';
import type { PolledReader, ReaderOutput, SourceSplit } from '../../../../lib/core/connector.ts';
import type { OperatorStateDelta } from '../../../../lib/core/log/state-delta.ts';
import { ObjectServer } from './object-server.ts';

type Reader = PolledReader<{ readonly n: number }, SourceSplit>;

/** What a reader leaves behind. */
interface Left {
  readonly splits: readonly SourceSplit[];
  readonly states: readonly OperatorStateDelta[];
}

let server: ObjectServer;
let folder: string;
const readers: Reader[] = [];
/** Numbers of all records that were read. */
let read: number[];

beforeEach(async () => {
  server = new ObjectServer();
  await server.start();
  folder = mkdtempSync(join(tmpdir(), 'millrace-objects-'));
  read = [];
});

afterEach(async () => {
  for (const reader of readers.splice(0)) await reader.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function put(name: string, ...numbers: readonly number[]): void {
  server.objects.set(name, numbers.map((n) => `{"n":${n}}\n`).join(''));
}

/** Objects go to subtasks by the last digit of their names. */
async function readerOf(
  { subtask, parallelism, watch = false }: { subtask: number; parallelism: number; watch?: boolean },
  ...left: readonly Left[]
): Promise<Reader> {
  const client = server.client;
  if (client === undefined) throw new Error('the server has not started');
  const source = new S3FileSource<{ readonly n: number }>(FileSource.ndjson('any').spec, {
    ...{ bucket: 'bucket', prefix: 'in/', watch },
    folder: join(folder, `${readers.length}`),
    client: async () => client,
  });
  const runtime = await source.load();
  const owns = (name: string) => Number(name.at(-1)) % parallelism === subtask;
  const reader = runtime.createPolledReader?.({ subtask, parallelism, owns }) as Reader;
  readers.push(reader);
  reader.applyState?.(left.flatMap(({ states }) => states));
  reader.addSplits(left.flatMap(({ splits }) => splits).filter(({ splitId }) => owns(splitId)));
  return reader;
}

function leftBy(reader: Reader): Left {
  return { splits: reader.snapshotState(), states: reader.collectState?.('all') ?? [] };
}

/** Reads until nothing is left, or `records` are read; how it ended. */
async function drain(reader: Reader, records = Number.POSITIVE_INFINITY): Promise<string> {
  const output: ReaderOutput<{ readonly n: number }> = {
    forSplit: () => ({ collect: ({ n }: { readonly n: number }) => void read.push(n) }) as never,
    releaseSplit: () => {},
    markIdle: () => {},
  };
  await reader.discover();
  const goal = read.length + records;
  for (;;) {
    const status = reader.pollNext(output, Math.min(goal - read.length, 100));
    if (status === 'end-of-input' || read.length >= goal) return status;
    if (status !== 'nothing-available') continue;
    if (!reader.hasSplits) return status;
    await reader.isAvailable();
  }
}

describe('a bounded source of objects', () => {
  it('reads each object of its subtask once and ends', async () => {
    put('in/a0', 1, 2);
    put('in/b1', 3);
    put('in/c0', 4);
    expect(await drain(await readerOf({ subtask: 0, parallelism: 2 }))).toBe('end-of-input');
    expect(read).toEqual([1, 2, 4]);
    expect(server.calls).toEqual(['list', 'get in/a0', 'get in/c0']);
  });

  it('goes on in the middle of an object in another process', async () => {
    put('in/a0', 1, 2, 3);
    const first = await readerOf({ subtask: 0, parallelism: 1 });
    await drain(first, 2);
    const second = await readerOf({ subtask: 0, parallelism: 1 }, leftBy(first));
    expect(await drain(second)).toBe('end-of-input');
    expect(read).toEqual([1, 2, 3]);
    expect(server.calls.filter((call) => call === 'list')).toHaveLength(1);
  });

  it('lists for a subtask that had not begun when the job was stopped, and for no other', async () => {
    put('in/a0', 1);
    put('in/b1', 2);
    const first = await readerOf({ subtask: 0, parallelism: 2 });
    await drain(first);
    const left = [leftBy(first), leftBy(await readerOf({ subtask: 1, parallelism: 2 }))];
    put('in/late0', 9);
    await drain(await readerOf({ subtask: 0, parallelism: 2 }, ...left));
    expect(read).toEqual([1]);
    await drain(await readerOf({ subtask: 1, parallelism: 2 }, ...left));
    expect(read).toEqual([1, 2]);
  });

  it.each([1, 3])('reads what nobody had listed once it has a parallelism of %i', async (parallelism) => {
    for (let i = 0; i < 6; i++) put(`in/${i}`, i);
    const first = await readerOf({ subtask: 0, parallelism: 2 });
    await drain(first, 2);
    const left = [leftBy(first), leftBy(await readerOf({ subtask: 1, parallelism: 2 }))];
    for (let subtask = 0; subtask < parallelism; subtask++) {
      const reader = await readerOf({ subtask, parallelism }, ...left);
      // First what was found before, then it lists.
      await drain(reader);
      expect(await drain(reader)).toBe('end-of-input');
    }
    expect(read.toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('lists nothing again once all subtasks had begun, whatever the parallelism is', async () => {
    for (let i = 0; i < 4; i++) put(`in/${i}`, i);
    const left: Left[] = [];
    for (const subtask of [0, 1]) {
      const reader = await readerOf({ subtask, parallelism: 2 });
      await drain(reader, 1);
      left.push(leftBy(reader));
    }
    put('in/late0', 9);
    const merged = await readerOf({ subtask: 0, parallelism: 1 }, ...left);
    expect(await drain(merged)).toBe('end-of-input');
    expect(read.toSorted()).toEqual([0, 1, 2, 3]);
    expect(leftBy(merged).splits).toHaveLength(4);
  });

  it('says that there is nothing', async () => {
    const reader = await readerOf({ subtask: 0, parallelism: 1 });
    await expect(reader.discover()).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
  });

  it.each([
    ['replaced', () => put('in/a0', 5)],
    ['removed', () => server.objects.delete('in/a0')],
  ])('fails for an object that is %s before it is read', async (_, change) => {
    put('in/a0', 1);
    const reader = await readerOf({ subtask: 0, parallelism: 1 });
    await reader.discover();
    change();
    await expect(drain(reader)).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
      message: expect.stringContaining('s3://bucket/in/a0 was removed or replaced'),
    });
  });
});

describe('a source that watches a prefix', () => {
  it('reads what appears, wherever its name sorts, and forgets what was read and removed', async () => {
    const reader = await readerOf({ subtask: 0, parallelism: 1, watch: true });
    expect(await drain(reader)).toBe('nothing-available');
    put('in/m1', 1);
    await drain(reader);
    put('in/a1', 2);
    await drain(reader);
    expect(read).toEqual([1, 2]);
    server.objects.delete('in/m1');
    await drain(reader);
    expect(leftBy(reader).splits.map(({ splitId }) => splitId)).toEqual(['in/a1']);
  });

  it('reads nothing twice after a restore with another parallelism', async () => {
    for (let i = 0; i < 4; i++) put(`in/${i}`, i);
    const first = await readerOf({ subtask: 0, parallelism: 1, watch: true });
    await drain(first);
    put('in/5', 5);
    for (const subtask of [0, 1]) {
      await drain(await readerOf({ subtask, parallelism: 2, watch: true }, leftBy(first)));
    }
    expect(read.toSorted()).toEqual([0, 1, 2, 3, 5]);
  });
});
