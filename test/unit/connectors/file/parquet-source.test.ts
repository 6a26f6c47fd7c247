import { existsSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FileSource, type ParquetSourceOptions } from '../../../../lib/connectors/file/file-source.ts';
import { readAll, SourceProbe, temporaryFolder } from './source-probe.ts';

type WriteOptions = Parameters<typeof parquetWriteBuffer>[0];
type Schema = NonNullable<WriteOptions['schema']>;

const folder = temporaryFolder();
afterAll(() => folder.remove());

let files = 0;

/** Writes a Parquet file and answers its path. */
function file(options: WriteOptions): string {
  const path = join(folder.path, `${++files}.parquet`);
  writeFileSync(path, Buffer.from(parquetWriteBuffer(options)));
  return path;
}

/** A file with one column. */
function column(element: Schema[number], data: unknown[]): string {
  const schema: Schema = [{ name: 'root', num_children: 1 }, element];
  return file({ schema, columnData: [{ name: element.name, data }] });
}

/** LZ4 that copies: one run of literals. */
function lz4Literals(bytes: Uint8Array): Uint8Array {
  const more = bytes.length - 15;
  if (more < 0) return Buffer.concat([Buffer.of(bytes.length << 4), bytes]);
  return Buffer.concat([
    Buffer.of(0xf0),
    Buffer.alloc(Math.floor(more / 255), 255),
    Buffer.of(more % 255),
    bytes,
  ]);
}

async function valuesOf(path: string, options: ParquetSourceOptions = {}): Promise<unknown[]> {
  const { values, rejected } = await readAll(FileSource.parquet<Record<string, unknown>>(path, options));
  expect(rejected).toEqual([]);
  return values.map((row) => (Object.keys(row).length === 1 ? Object.values(row)[0] : row));
}

const nestedSchema: Schema = [
  { name: 'root', num_children: 4 },
  { name: 'id', type: 'INT64', repetition_type: 'REQUIRED' },
  { name: 'tags', converted_type: 'LIST', repetition_type: 'OPTIONAL', num_children: 1 },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', type: 'INT64', repetition_type: 'OPTIONAL' },
  { name: 'place', repetition_type: 'OPTIONAL', num_children: 2 },
  { name: 'x', type: 'DOUBLE', repetition_type: 'OPTIONAL' },
  { name: 'day', type: 'INT32', converted_type: 'DATE', repetition_type: 'OPTIONAL' },
  { name: 'counts', converted_type: 'MAP', repetition_type: 'OPTIONAL', num_children: 1 },
  { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
  { name: 'key', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
  { name: 'value', type: 'INT64', repetition_type: 'OPTIONAL' },
];

describe('a Parquet source', () => {
  it('gives 64-bit integers as numbers, or as bigints if asked', async () => {
    const path = column({ name: 'n', type: 'INT64', repetition_type: 'OPTIONAL' }, [
      1n,
      null,
      -(2n ** 53n) + 1n,
    ]);
    expect(await valuesOf(path)).toEqual([1, null, -(2 ** 53) + 1]);
    expect(await valuesOf(path, { int64: 'bigint' })).toEqual([1n, null, -(2n ** 53n) + 1n]);
  });

  it('rejects a row whose 64-bit integer no number holds and names the column', async () => {
    const path = column({ name: 'big', type: 'INT64', repetition_type: 'REQUIRED' }, [1n, 2n ** 53n, 3n]);
    const { values, rejected } = await readAll(FileSource.parquet(path));
    expect(values).toEqual([{ big: 1 }, { big: 3 }]);
    expect(rejected).toEqual([
      {
        code: 'RECORD_INVALID',
        reason:
          'Column "big" holds 9007199254740992, which no number holds exactly; read the source with int64: \'bigint\'.',
        position: `${path} (row 2)`,
        raw: '{"big":"9007199254740992"}',
      },
    ]);
  });

  it('gives decimals as the nearest number', async () => {
    const decimal = { name: 'd', converted_type: 'DECIMAL', repetition_type: 'OPTIONAL' } as const;
    const fixed = {
      ...decimal,
      type: 'FIXED_LEN_BYTE_ARRAY',
      type_length: 16,
      scale: 2,
      precision: 30,
    } as const;
    expect(await valuesOf(column(fixed, [57n, -101n, null, 0n]))).toEqual([0.57, -1.01, null, 0]);
    expect(await valuesOf(column(fixed, [12345678901234567890123n]))).toEqual([
      Number('123456789012345678901.23'),
    ]);
    const int32 = { ...decimal, type: 'INT32', scale: 3, precision: 9 } as const;
    expect(await valuesOf(column(int32, [1115n, -57n]))).toEqual([1.115, -0.057]);
    const int64 = { ...decimal, type: 'INT64', scale: 4, precision: 18 } as const;
    expect(await valuesOf(column(int64, [123456789012345678n]))).toEqual([Number('12345678901234.5678')]);
  });

  it('gives timestamps as ISO text without losing digits, or as Dates', async () => {
    const stamp = (unit: 'MILLIS' | 'MICROS' | 'NANOS'): Schema[number] => ({
      name: 't',
      type: 'INT64',
      repetition_type: 'OPTIONAL',
      logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: unit === 'MILLIS', unit },
    });
    const at = Date.parse('2001-02-03T04:05:06.789Z');
    const ms = BigInt(at);
    expect(await valuesOf(column(stamp('MILLIS'), [ms, null, -1n]))).toEqual([
      '2001-02-03T04:05:06.789Z',
      null,
      '1969-12-31T23:59:59.999Z',
    ]);
    expect(await valuesOf(column(stamp('MICROS'), [ms * 1000n, ms * 1000n + 12n, -1n]))).toEqual([
      '2001-02-03T04:05:06.789Z',
      '2001-02-03T04:05:06.789012Z',
      '1969-12-31T23:59:59.999999Z',
    ]);
    expect(await valuesOf(column(stamp('NANOS'), [ms * 1_000_000n + 1n]))).toEqual([
      '2001-02-03T04:05:06.789000001Z',
    ]);
    expect(await valuesOf(column(stamp('MICROS'), [ms * 1000n + 12n]), { temporal: 'date' })).toEqual([
      new Date(at),
    ]);
  });

  it('gives dates as ISO days, or as Dates', async () => {
    const path = column({ name: 'd', type: 'INT32', converted_type: 'DATE', repetition_type: 'OPTIONAL' }, [
      new Date('2001-02-03'),
      null,
      new Date('1969-12-31'),
    ]);
    expect(await valuesOf(path)).toEqual(['2001-02-03', null, '1969-12-31']);
    expect(await valuesOf(path, { temporal: 'date' })).toEqual([
      new Date('2001-02-03'),
      null,
      new Date('1969-12-31'),
    ]);
  });

  it('gives text, booleans, floats and JSON as they are', async () => {
    const path = file({
      columnData: [
        { name: 's', data: ['é', null], type: 'STRING' },
        { name: 'b', data: [true, null], type: 'BOOLEAN' },
        { name: 'f', data: [1.5, null], type: 'DOUBLE' },
        { name: 'j', data: [{ a: [1] }, null], type: 'JSON' },
        { name: 'raw', data: [new Uint8Array([0xc3, 0xa9]), null], type: 'BYTE_ARRAY' },
      ],
    });
    expect(await valuesOf(path)).toEqual([
      { s: 'é', b: true, f: 1.5, j: { a: [1] }, raw: 'é' },
      { s: null, b: null, f: null, j: null, raw: null },
    ]);
  });

  it('gives nested values as plain objects and arrays', async () => {
    const rows = [
      { id: 1n, tags: [1n, null, 3n], place: { x: 1.5, day: new Date(0) }, counts: { a: 1n, b: null } },
      { id: 2n, tags: null, place: null, counts: null },
      { id: 3n, tags: [], place: { x: null, day: null }, counts: {} },
    ];
    const names = ['id', 'tags', 'place', 'counts'] as const;
    const columnData = names.map((name) => ({ name, data: rows.map((row) => row[name]) }));
    expect(await valuesOf(file({ schema: nestedSchema, columnData }))).toEqual([
      { id: 1, tags: [1, null, 3], place: { x: 1.5, day: '1970-01-01' }, counts: { a: 1, b: null } },
      { id: 2, tags: null, place: null, counts: null },
      { id: 3, tags: [], place: { x: null, day: null }, counts: {} },
    ]);
  });

  it('equals an NDJSON source of the same data', async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => ({
      at: new Date(i * 61_001).toISOString(),
      price: i % 7 === 0 ? null : i / 100,
      id: i,
      name: `n${i % 13}`,
      tags: i % 3 === 0 ? null : [i, i + 1],
    }));
    const schema: Schema = [
      { name: 'root', num_children: 5 },
      { name: 'at', type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', repetition_type: 'REQUIRED' },
      {
        name: 'price',
        type: 'INT64',
        converted_type: 'DECIMAL',
        scale: 2,
        precision: 12,
        repetition_type: 'OPTIONAL',
      },
      { name: 'id', type: 'INT64', repetition_type: 'REQUIRED' },
      { name: 'name', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
      ...nestedSchema.slice(2, 5),
    ];
    const columnData = [
      { name: 'at', data: rows.map((row) => new Date(row.at)) },
      { name: 'price', data: rows.map((row) => row.price) },
      { name: 'id', data: rows.map((row) => BigInt(row.id)) },
      { name: 'name', data: rows.map((row) => row.name) },
      { name: 'tags', data: rows.map((row) => row.tags?.map(BigInt)) },
    ];
    const parquet = await readAll(FileSource.parquet(file({ schema, columnData, rowGroupSize: 700 })));
    const lines = join(folder.path, 'same.ndjson');
    writeFileSync(lines, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const ndjson = await readAll(FileSource.ndjson(lines));
    expect(JSON.stringify(parquet.values)).toBe(JSON.stringify(ndjson.values));
  });

  it('reads only the declared columns, in the order they are declared', async () => {
    const path = file({
      columnData: [
        { name: 'a', data: [1, 2] },
        { name: 'b', data: ['x', 'y'] },
        { name: 'c', data: [1n, 2n ** 60n] },
      ],
    });
    const { values } = await readAll(FileSource.parquet(path, { columns: ['b', 'a'] }));
    expect(JSON.stringify(values)).toBe('[{"b":"x","a":1},{"b":"y","a":2}]');
  });

  it('names a missing column, the file and the columns there are', async () => {
    const path = column({ name: 'here', type: 'INT32' }, [1]);
    await expect(readAll(FileSource.parquet(path, { columns: ['gone'] }))).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
      message: expect.stringContaining(`${path} has no column "gone"; its columns are here`),
    });
  });

  it('validates rows with the schema', async () => {
    const path = column({ name: 'n', type: 'INT32' }, [1, -1, 2]);
    const schema = z.object({ n: z.number().positive() });
    const { values, rejected } = await readAll(FileSource.parquet(path, { schema }));
    expect(values).toEqual([{ n: 1 }, { n: 2 }]);
    expect(rejected).toMatchObject([
      { code: 'RECORD_INVALID', position: `${path} (row 2)`, raw: '{"n":-1}' },
    ]);
  });

  it('reads pages of each codec and a file without rows', async () => {
    const columnData = [
      { name: 'n', data: Array.from({ length: 1000 }, (_, i) => i % 5), type: 'INT32' as const },
    ];
    const compressors = {
      ...{ GZIP: gzipSync, BROTLI: brotliCompressSync, ZSTD: zstdCompressSync },
      ...{ LZ4: lz4Literals, LZ4_RAW: lz4Literals },
    };
    for (const codec of ['GZIP', 'BROTLI', 'ZSTD', 'LZ4', 'LZ4_RAW', 'SNAPPY', 'UNCOMPRESSED'] as const) {
      expect(await valuesOf(file({ columnData, codec, compressors }))).toEqual(columnData[0]?.data);
    }
    expect(await valuesOf(column({ name: 'n', type: 'INT32' }, []))).toEqual([]);
  });

  it('reads pages of several gzip members or zstd frames, and deflated ones without a header', async () => {
    const columnData = [{ name: 'n', data: [1, 2, 3], type: 'INT32' as const }];
    const halves = (compress: (bytes: Uint8Array) => Uint8Array) => (page: Uint8Array) =>
      Buffer.concat([compress(page.subarray(0, page.length / 2)), compress(page.subarray(page.length / 2))]);
    for (const compressors of [
      { GZIP: halves(gzipSync) },
      { GZIP: deflateRawSync },
      { ZSTD: halves(zstdCompressSync) },
    ]) {
      const codec = 'GZIP' in compressors ? 'GZIP' : 'ZSTD';
      expect(await valuesOf(file({ columnData, codec, compressors }))).toEqual([1, 2, 3]);
    }
  });

  it.each([
    ['GZIP', gzipSync],
    ['BROTLI', brotliCompressSync],
  ] as const)('refuses a %s page that holds more than its header says', async (codec, compress) => {
    const twice = (page: Uint8Array) => compress(Buffer.concat([page, page]));
    const path = file({
      columnData: [{ name: 'n', data: [1, 2, 3], type: 'INT32' }],
      ...{ codec, compressors: { [codec]: twice } },
    });
    await expect(readAll(FileSource.parquet(path))).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
      message: expect.stringContaining(path),
    });
  });

  it('refuses what is not Parquet', async () => {
    for (const content of ['', 'PAR1', 'not a parquet file at all', `${'x'.repeat(100)}PAR1`]) {
      const path = join(folder.path, 'broken.parquet');
      writeFileSync(path, content);
      await expect(readAll(FileSource.parquet(path))).rejects.toMatchObject({
        code: 'SOURCE_INVALID',
        message: expect.stringContaining(path),
      });
    }
  });

  it('refuses a file that was cut off in its pages', async () => {
    const path = column({ name: 'n', type: 'INT32' }, [1, 2, 3]);
    const good = Buffer.from(
      parquetWriteBuffer({ columnData: [{ name: 'n', data: [1, 2, 3], type: 'INT32' }] }),
    );
    good.fill(0xff, 4, 20);
    writeFileSync(path, good);
    await expect(readAll(FileSource.parquet(path))).rejects.toMatchObject({ code: 'SOURCE_INVALID' });
  });
});

describe('the row groups of a Parquet file', () => {
  const data = Array.from({ length: 1000 }, (_, i) => i);
  const columnData = [{ name: 'n', data, type: 'INT32' as const }];

  it('are read in parallel, each row once', async () => {
    const path = file({ columnData, rowGroupSize: 64 });
    for (const parallelism of [2, 3, 40]) {
      const { values, released } = await readAll(FileSource.parquet<{ n: number }>(path), parallelism);
      expect(values.map((row) => row.n).sort((a, b) => a - b)).toEqual(data);
      expect(released.length).toBe(Math.min(parallelism, 16));
    }
  });

  it('are taken up in the middle after a restart', async () => {
    const path = file({ columnData, rowGroupSize: 300, pageSize: 100 });
    const source = FileSource.parquet<{ n: number }>(path);
    for (const enough of [0, 1, 299, 300, 301, 777, 1000]) {
      const first = await new SourceProbe(source).start();
      await first.run({ enough, maxRecords: 1 });
      const state = JSON.parse(
        JSON.stringify([first.readers[0]!.snapshotState(), first.enumerator.snapshotState()]),
      );
      await first.close();
      const rest = await (await new SourceProbe(source).start(state[1], state[0])).run();
      expect([...first.output.values, ...rest.values].map((row) => row.n)).toEqual(data);
    }
  });
});

describe('the handle of a Parquet file', () => {
  it.runIf(existsSync('/proc/self/fd'))('is closed when the reader is closed while it opens', async () => {
    const path = column({ name: 'n', type: 'INT32' }, [1, 2, 3]);
    const probe = await new SourceProbe(FileSource.parquet(path)).start();
    expect(probe.readers[0]!.pollNext(probe.output, 1)).toBe('nothing-available');
    const opening = probe.readers[0]!.isAvailable();
    await probe.close();
    await opening.catch(() => undefined);
    expect(openFiles()).not.toContain(path);
  });
});

/** Paths of the files that this process has open. */
function openFiles(): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      return [readlinkSync(join('/proc/self/fd', descriptor))];
    } catch {
      // The descriptor that listed the folder is closed again.
      return [];
    }
  });
}
