import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { FileSource } from '../../../../lib/connectors/file/file-source.ts';
import { createFileSourceRuntime } from '../../../../lib/connectors/file/file-source-runtime.ts';
import type { Source } from '../../../../lib/core/connector.ts';
import { readAll, SourceProbe, temporaryFolder } from './source-probe.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** Writes files below a new folder and answers it. */
function tree(name: string, contents: Readonly<Record<string, string>>): string {
  const root = join(folder.path, name);
  for (const [path, content] of Object.entries(contents)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

describe('the files of a source', () => {
  const root = tree('files', {
    'b.ndjson': '"b"\n',
    'a.ndjson': '"a"\n',
    'sub/c.ndjson': '"c"\n',
    '.hidden/x.ndjson': '"hidden"\n',
    '.part.inprogress': '"hidden"\n',
    'd.txt': '"d"\n',
    'odd[1].ndjson': '"odd"\n',
  });

  it('of a folder are all that are not hidden, sorted by name', async () => {
    expect((await readAll(FileSource.ndjson(root))).values).toEqual(['a', 'b', 'd', 'odd', 'c']);
  });

  it('of a glob are sorted by name', async () => {
    expect((await readAll(FileSource.ndjson(join(root, '**/*.ndjson')))).values).toEqual([
      'a',
      'b',
      'odd',
      'c',
    ]);
    expect((await readAll(FileSource.ndjson(join(root, '{b,a}.ndjson')))).values).toEqual(['a', 'b']);
  });

  it('of several paths come in the order of the paths, each once', async () => {
    const paths = [join(root, 'b.ndjson'), join(root, '*.ndjson'), join(root, 'b.ndjson')];
    expect((await readAll(FileSource.ndjson(paths))).values).toEqual(['b', 'a', 'odd']);
  });

  it('may have names that look like patterns', async () => {
    expect((await readAll(FileSource.ndjson(join(root, 'odd[1].ndjson')))).values).toEqual(['odd']);
  });

  it('must exist if the source is bounded', async () => {
    for (const path of ['nowhere.ndjson', 'nowhere/*.ndjson']) {
      await expect(readAll(FileSource.ndjson(path))).rejects.toMatchObject({
        code: 'SOURCE_NOT_FOUND',
        message: expect.stringContaining(`"${path}" in ${process.cwd()}`),
      });
    }
  });

  it('must be regular files', async () => {
    await expect(readAll(FileSource.ndjson('/dev/null'))).rejects.toMatchObject({ code: 'SOURCE_INVALID' });
  });
});

describe('an enumerator', () => {
  it('releases every split for the watermark', async () => {
    const root = tree('release', { 'a.ndjson': '1\n', 'b.ndjson': '2\n' });
    const { released } = await readAll(FileSource.ndjson(root));
    expect(released).toEqual([join(root, 'a.ndjson'), join(root, 'b.ndjson')]);
  });

  it('hands files to several readers, each to one', async () => {
    const contents = Object.fromEntries(
      Array.from({ length: 9 }, (_, i) => [`${i}.ndjson`, `${i}\n1${i}\n`]),
    );
    const { values } = await readAll(FileSource.ndjson<number>(tree('many', contents)), 4);
    expect(values.sort((a, b) => a - b)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18,
    ]);
  });

  it('cuts big NDJSON files into ranges that give every record once', async () => {
    const root = tree('ranges', {});
    mkdirSync(root, { recursive: true });
    const lines = fc.array(fc.string({ maxLength: 30 }), { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(lines, fc.integer({ min: 2, max: 7 }), async (texts, parallelism) => {
        const path = join(root, 'big.ndjson');
        writeFileSync(path, texts.map((text) => JSON.stringify(text)).join('\n'));
        const source: Source<string> = {
          connector: 'file',
          description: '',
          boundedness: 'bounded',
          load: () =>
            createFileSourceRuntime<string>({
              paths: [path],
              mode: 'bounded',
              format: { kind: 'ndjson', options: { compression: 'auto' } },
              schema: undefined,
              splitBytesMin: 20,
            }),
        };
        const { values, rejected } = await readAll(source, parallelism);
        expect(rejected).toEqual([]);
        expect(values.sort()).toEqual([...texts].sort());
      }),
      { numRuns: 40 },
    );
  });

  it('goes on with the files that nobody had after a restart', async () => {
    const root = tree('restart', { 'a.ndjson': '1\n2\n3\n', 'b.ndjson': '4\n5\n', 'c.ndjson': '6\n' });
    for (let enough = 0; enough < 6; enough++) {
      const first = await new SourceProbe(FileSource.ndjson<number>(root)).start();
      await first.run({ enough, maxRecords: 1 });
      const state = JSON.parse(
        JSON.stringify([first.readers[0]!.snapshotState(), first.enumerator.snapshotState()]),
      );
      await first.close();
      const second = await new SourceProbe(FileSource.ndjson<number>(root)).start(state[1], state[0]);
      const { values } = await second.run();
      expect([...first.output.values, ...values]).toEqual([1, 2, 3, 4, 5, 6]);
    }
  });
});

describe('a watching source', () => {
  it('reads files as they appear, each once', async () => {
    const root = tree('watch', { 'a.ndjson': '1\n' });
    const source = FileSource.ndjson<number>(join(root, '*.ndjson'), { mode: 'watch' });
    expect(source.boundedness).toBe('continuous-unbounded');
    const probe = await new SourceProbe(source).start();
    expect(probe.drain().values).toEqual([1]);
    const waiting = probe.readers[0]!.isAvailable();
    writeFileSync(join(root, 'b.ndjson'), '2\n3\n');
    await probe.enumerator.discover?.();
    await waiting;
    expect(probe.drain().values).toEqual([1, 2, 3]);
    await probe.enumerator.discover?.();
    expect(probe.drain().values).toEqual([1, 2, 3]);
    await probe.close();
  });

  it('waits for a folder that does not exist yet', async () => {
    const root = join(folder.path, 'not-yet');
    const probe = await new SourceProbe(FileSource.ndjson<number>(root, { mode: 'watch' })).start();
    expect(probe.drain().values).toEqual([]);
    tree('not-yet', { 'a.ndjson': '1\n' });
    await probe.enumerator.discover?.();
    expect(probe.drain().values).toEqual([1]);
    await probe.close();
  });

  it('remembers after a restart what it has read', async () => {
    const root = tree('remember', { 'a.ndjson': '1\n' });
    const source = FileSource.ndjson<number>(root, { mode: 'watch' });
    const first = await new SourceProbe(source).start();
    first.drain();
    const checkpoint = first.enumerator.snapshotState();
    await first.close();
    tree('remember', { 'b.ndjson': '2\n' });
    const second = await new SourceProbe(source).start(checkpoint);
    expect(second.drain().values).toEqual([2]);
    await second.close();
  });
});

describe('a bounded source', () => {
  it('discovers nothing after its start', async () => {
    const root = tree('bounded', { 'a.ndjson': '1\n' });
    const probe = await new SourceProbe(FileSource.ndjson(root)).start();
    expect(probe.enumerator.discover).toBeUndefined();
    await probe.close();
  });
});

describe('the options of a source', () => {
  it('are refused where the source is declared', () => {
    expect(() => FileSource.ndjson('')).toThrow('has no path');
    expect(() => FileSource.ndjson([])).toThrow('has no path');
    expect(() => FileSource.csv('a.csv', { header: false })).toThrow('neither a header nor columns');
    expect(() => FileSource.csv('a.csv', { quote: '""' })).toThrow('quote of one character');
    expect(() => FileSource.parquet('a.parquet', { columns: [] })).toThrow('reads no column');
  });

  it('give the plan a description', () => {
    expect(FileSource.csv(['a.csv', 'b.csv']).description).toBe('csv a.csv, b.csv');
  });
});
