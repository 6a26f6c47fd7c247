import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FileSink } from '../../../../lib/connectors/file/file-sink.ts';
import { createFileSinkRuntime } from '../../../../lib/connectors/file/file-sink-runtime.ts';
import { FileSource } from '../../../../lib/connectors/file/file-source.ts';
import { minutes } from '../../../../lib/core/duration.ts';
import { LIMITS } from '../../../../lib/core/limits.ts';
import { commitRequests } from '../../../commit-requests.ts';
import { filesOf, SinkProbe, textOf, writeAll } from './sink-probe.ts';
import { readAll, temporaryFolder } from './source-probe.ts';

const temporary = temporaryFolder();
afterAll(() => temporary.remove());

let folders = 0;

function newFolder(): string {
  return join(temporary.path, `out-${++folders}`);
}

describe('a file sink', () => {
  it('shows nothing before the commit and a whole part after it', async () => {
    const folder = newFolder();
    const probe = await SinkProbe.open(FileSink.ndjson(folder));
    probe.write({ a: 1 }, { a: 2 });
    await probe.writer.flush(false);
    expect(filesOf(folder)).toEqual(['.part-0-0.ndjson.inprogress']);
    const requests = commitRequests(await probe.writer.prepareCommit(true));
    expect(filesOf(folder)).toEqual(['.part-0-0.ndjson.inprogress']);
    await probe.committer.commit(requests);
    expect(filesOf(folder)).toEqual(['part-0-0.ndjson']);
    expect(textOf(folder)).toBe('{"a":1}\n{"a":2}\n');
    await probe.committer.commit(requests);
    await probe.writer.close();
    expect(filesOf(folder)).toEqual(['part-0-0.ndjson']);
  });

  it('leaves nothing behind when it is closed without a commit', async () => {
    const folder = newFolder();
    const probe = await SinkProbe.open(FileSink.ndjson(folder, { rollingPolicy: { maxPartBytes: 1 } }));
    probe.write(1, 2);
    await probe.writer.flush(false);
    await probe.writer.close();
    expect(filesOf(folder)).toEqual([]);
  });

  it('writes no file for an empty stream', async () => {
    const folder = newFolder();
    await writeAll(FileSink.ndjson(folder), []);
    await writeAll(FileSink.csv<{ a: number }>(folder, { columns: ['a'] }), []);
    await writeAll(FileSink.parquet<{ a: number }>(folder, { columns: [{ name: 'a', type: 'INT32' }] }), []);
    expect(filesOf(folder)).toEqual([]);
  });

  it('names parts by subtask and number and rolls them by size', async () => {
    const folder = newFolder();
    const sink = FileSink.ndjson<string>(folder, { rollingPolicy: { maxPartBytes: 20 } });
    const probe = await SinkProbe.open(sink, { subtask: 3 });
    probe.write('0123456789', '0123456789', 'x');
    await probe.commit();
    expect(filesOf(folder)).toEqual(['.part-3-1.ndjson.inprogress', 'part-3-0.ndjson']);
    await probe.end();
    expect(filesOf(folder)).toEqual(['part-3-0.ndjson', 'part-3-1.ndjson']);
    expect(textOf(folder)).toBe('"0123456789"\n"0123456789"\n"x"\n');
  });

  it('rolls parts by age if it is told to', async () => {
    const folder = newFolder();
    let now = 0;
    const rolling = { maxPartBytes: 1e9, rolloverIntervalMs: minutes(1) };
    const spec = { folder, format: { kind: 'ndjson' }, rolling, bucket: undefined } as const;
    const probe = await SinkProbe.open(await createFileSinkRuntime<number>(spec, { clock: () => now }));
    probe.write(1);
    now = minutes(1) - 1;
    await probe.commit();
    expect(textOf(folder)).toBe('');
    now = minutes(1);
    await probe.commit();
    expect(textOf(folder)).toBe('1\n');
    await probe.writer.close();
  });

  it('writes what is waiting without being asked when there is much of it', async () => {
    const folder = newFolder();
    const probe = await SinkProbe.open(FileSink.ndjson<string>(folder));
    probe.write('small');
    expect(probe.writer.pendingBytes()).toBe(8);
    expect(filesOf(folder)).toEqual([]);
    probe.write('x'.repeat(LIMITS.fileWriteBytes));
    expect(probe.writer.pendingBytes()).toBe(0);
    expect(filesOf(folder)).toHaveLength(1);
    await probe.end();
  });

  it('puts records into buckets', async () => {
    const folder = newFolder();
    const bucket = (value: { day: string }) => value.day;
    const sink = FileSink.ndjson<{ day: string }>(folder, { bucket });
    await writeAll(sink, [{ day: 'a' }, { day: 'b/c' }, { day: '' }, { day: 'a' }]);
    expect(filesOf(folder)).toEqual(['a/part-0-0.ndjson', 'b/c/part-0-1.ndjson', 'part-0-2.ndjson']);
    expect(readFileSync(join(folder, 'a/part-0-0.ndjson'), 'utf8')).toBe('{"day":"a"}\n{"day":"a"}\n');
    expect((await readAll(FileSource.ndjson(folder))).values).toHaveLength(4);
  });

  it('refuses buckets that lead out of its folder', async () => {
    const folder = newFolder();
    const probe = await SinkProbe.open(FileSink.ndjson<string>(folder, { bucket: (value) => value }));
    for (const bad of ['..', '../x', 'a/../../x', '/etc', 'a//b', '.hidden', 'a\\b', 'nul\0', 'a/']) {
      expect(() => probe.write(bad)).toThrow(expect.objectContaining({ code: 'RECORD_INVALID' }));
    }
    await probe.end();
    expect(filesOf(folder)).toEqual([]);
  });

  it('keeps a limited number of buckets open', async () => {
    const folder = newFolder();
    const probe = await SinkProbe.open(FileSink.ndjson<number>(folder, { bucket: (value) => `b${value}` }));
    for (let i = 0; i <= LIMITS.openBucketsMax; i++) probe.write(i);
    await probe.commit();
    expect(filesOf(folder).filter((path) => !path.includes('inprogress'))).toEqual(['b0/part-0-0.ndjson']);
    await probe.writer.close();
  });

  it('refuses to share a folder with another sink', async () => {
    const folder = newFolder();
    const first = await SinkProbe.open(FileSink.ndjson(folder));
    const second = await SinkProbe.open(FileSink.ndjson(folder));
    first.write(1);
    await first.writer.flush(false);
    second.write(2);
    await expect(second.writer.flush(false)).rejects.toMatchObject({ code: 'SINK_INVALID' });
    await first.end();
    await expect(second.writer.flush(false)).rejects.toMatchObject({ code: 'SINK_INVALID' });
    await second.writer.close();
    expect(textOf(folder)).toBe('1\n');
    expect(filesOf(folder)).toEqual(['part-0-0.ndjson']);
  });
});

describe('the folder of a file sink', () => {
  it('with parts of another run is refused and says what to do', async () => {
    const folder = newFolder();
    await writeAll(FileSink.ndjson(folder, { bucket: (value) => `${value}` }), ['a', 'b']);
    await expect(SinkProbe.open(FileSink.ndjson(folder))).rejects.toMatchObject({
      code: 'SINK_NOT_EMPTY',
      message:
        `${folder} holds 2 part files of another run. ` +
        'Choose another folder, or run with --overwrite to remove them.',
    });
    expect(filesOf(folder)).toHaveLength(2);
  });

  it('loses its parts and nothing else when it is overwritten', async () => {
    const folder = newFolder();
    await writeAll(FileSink.ndjson(folder, { bucket: (value) => `${value}` }), ['a', 'b']);
    const others = ['README.md', 'part-x.ndjson', 'a/part-0-0.ndjson.bak', 'part-0-0.txt'];
    for (const other of others) writeFileSync(join(folder, other), '');
    await SinkProbe.open(FileSink.ndjson(folder), { overwrite: true });
    expect(filesOf(folder)).toEqual([...others].sort());
  });

  it('loses the hidden leftovers of a killed run without being asked', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'b'), { recursive: true });
    for (const path of ['.part-0-0.ndjson.inprogress', 'b/.part-1-7.parquet.inprogress', '.keep']) {
      writeFileSync(join(folder, path), 'x');
    }
    await SinkProbe.open(FileSink.ndjson(folder));
    expect(filesOf(folder)).toEqual(['.keep']);
  });

  it('that is a file is refused', async () => {
    const folder = newFolder();
    writeFileSync(folder, '');
    await expect(SinkProbe.open(FileSink.ndjson(folder))).rejects.toMatchObject({
      code: 'SINK_INVALID',
      message: expect.stringContaining(folder),
    });
  });

  it('that may not be written is refused', async () => {
    const folder = newFolder();
    mkdirSync(folder);
    chmodSync(folder, 0o555);
    const probe = await SinkProbe.open(FileSink.ndjson(folder));
    probe.write(1);
    await asOrdinaryUser(async () => {
      await expect(probe.writer.flush(false)).rejects.toMatchObject({ code: 'SINK_INVALID' });
    });
  });

  it('in which another run removes the part being written loses nothing silently', async () => {
    const folder = newFolder();
    const probe = await SinkProbe.open(FileSink.ndjson(folder));
    probe.write(1);
    await probe.writer.flush(false);
    rmSync(join(folder, '.part-0-0.ndjson.inprogress'));
    probe.write(2);
    await expect(probe.writer.flush(false)).rejects.toMatchObject({
      code: 'SINK_INVALID',
      message: expect.stringContaining('was removed or changed while it was written'),
    });
    expect(filesOf(folder)).toEqual([]);
  });

  it('must not lose a part before it is committed', async () => {
    const folder = newFolder();
    const probe = await SinkProbe.open(FileSink.ndjson(folder));
    probe.write(1);
    await probe.writer.flush(false);
    const requests = commitRequests(await probe.writer.prepareCommit(true));
    rmSync(join(folder, '.part-0-0.ndjson.inprogress'));
    await expect(probe.committer.commit(requests)).rejects.toMatchObject({
      code: 'SINK_INVALID',
      message: expect.stringContaining('has disappeared'),
    });
    expect(existsSync(join(folder, 'part-0-0.ndjson'))).toBe(false);
  });
});

describe('the options of a sink', () => {
  it('are refused where the sink is declared', () => {
    expect(() => FileSink.ndjson('')).toThrow('has no folder');
    expect(() => FileSink.ndjson('x', { rollingPolicy: { maxPartBytes: 0 } })).toThrow(
      'positive maxPartBytes',
    );
    expect(() => FileSink.csv<{ a: 1 }>('x', { columns: [] })).toThrow('has no columns');
    expect(() => FileSink.csv<{ a: 1 }>('x', { columns: ['a', 'a'] })).toThrow('two columns named "a"');
    expect(() => FileSink.csv<{ a: 1 }>('x', { columns: ['a'], delimiter: '' })).toThrow('delimiter');
  });

  it('give the plan a description and people a place to look', () => {
    const sink = FileSink.parquet<{ a: 1 }>('out/x', { columns: [{ name: 'a', type: 'INT32' }] });
    expect([sink.description, sink.location]).toEqual(['parquet out/x', 'out/x']);
  });
});

/** Root may write anywhere, so it becomes somebody else for a while. */
async function asOrdinaryUser(work: () => Promise<void>): Promise<void> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}
