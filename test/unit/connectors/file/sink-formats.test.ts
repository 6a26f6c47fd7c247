import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { FileSink } from '../../../../lib/connectors/file/file-sink.ts';
import { FileSource } from '../../../../lib/connectors/file/file-source.ts';
import { LIMITS } from '../../../../lib/core/limits.ts';
import { filesOf, SinkProbe, textOf, writeAll } from './sink-probe.ts';
import { readAll, temporaryFolder } from './source-probe.ts';

const temporary = temporaryFolder();
afterAll(() => temporary.remove());

let folders = 0;

function newFolder(): string {
  return join(temporary.path, `out-${++folders}`);
}

describe('an NDJSON sink', () => {
  it('writes what JSON can hold', async () => {
    const folder = newFolder();
    const shared = { s: 1 };
    const values = [
      { at: new Date(0), u: undefined, n: null, e: {}, list: [], t: 'é\n' },
      1,
      'x',
      null,
      [shared, shared],
    ];
    await writeAll<unknown>(FileSink.ndjson(folder), values);
    expect(textOf(folder)).toBe(
      '{"at":"1970-01-01T00:00:00.000Z","n":null,"e":{},"list":[],"t":"é\\n"}\n1\n"x"\nnull\n[{"s":1},{"s":1}]\n',
    );
  });

  const circular: { self?: unknown } = {};
  circular.self = { back: circular };
  const refused: readonly (readonly [string, unknown, string])[] = [
    ['undefined', undefined, 'a record: undefined has no JSON form'],
    ['a function', () => 1, 'a record: a function has no JSON form'],
    ['a bigint', { a: { b: [1, 2n] } }, 'field "a.b[1]" of a record: a bigint has no JSON form'],
    ['NaN', { a: Number.NaN }, 'field "a" of a record: NaN has no JSON form'],
    ['an infinity', [Number.NEGATIVE_INFINITY], 'field "[0]" of a record: -Infinity has no JSON form'],
    ['an invalid Date', { at: new Date(Number.NaN) }, 'field "at" of a record: it is an invalid Date'],
    ['a Map', { m: new Map([[1, 2]]) }, 'field "m" of a record: a Map has no JSON form'],
    ['a cycle', circular, 'field "self.back" of a record: it contains itself'],
  ];
  for (const [what, value, message] of refused) {
    it(`refuses ${what} and names the field`, async () => {
      const folder = newFolder();
      const probe = await SinkProbe.open(FileSink.ndjson<unknown>(folder));
      expect(() => probe.write(value)).toThrow(
        expect.objectContaining({
          code: 'RECORD_INVALID',
          message: expect.stringContaining(`Sink ${folder} cannot write ${message}`),
        }),
      );
      probe.write('the next one');
      await probe.end();
      expect(textOf(folder)).toBe('"the next one"\n');
    });
  }

  it('takes an object that knows its own JSON', async () => {
    const folder = newFolder();
    await writeAll<unknown>(FileSink.ndjson(folder), [{ price: { toJSON: () => null } }]);
    expect(textOf(folder)).toBe('{"price":null}\n');
  });

  it('gives every JSON value back through a source', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), async (values) => {
        const folder = newFolder();
        await writeAll<unknown>(FileSink.ndjson(folder), values);
        if (values.length === 0) return;
        const texts = (await readAll(FileSource.ndjson(folder))).values.map((value) => JSON.stringify(value));
        expect(texts).toEqual(values.map((value) => JSON.stringify(value)));
      }),
      { numRuns: 50 },
    );
  });
});

describe('a CSV sink', () => {
  interface Row {
    readonly id: number;
    readonly t?: unknown;
  }

  it('writes a header in each part and the declared columns', async () => {
    const folder = newFolder();
    const sink = FileSink.csv<Row & { hidden?: number }>(folder, {
      columns: ['t', 'id'],
      rollingPolicy: { maxPartBytes: 1 },
    });
    await writeAll(sink, [{ id: 1, t: 'a,"b"\nc', hidden: 1 }, { id: 2 }]);
    expect(textOf(folder)).toBe('t,id\n"a,""b""\nc",1\nt,id\n,2\n');
    expect(filesOf(folder)).toEqual(['part-0-0.csv', 'part-0-1.csv']);
  });

  it('writes values as text', async () => {
    const folder = newFolder();
    const values = [true, 2n, null, new Date(0), { a: 1 }, [1], 1.5].map((t, id) => ({ id, t }));
    await writeAll(FileSink.csv<Row>(folder, { columns: ['t'], header: false, delimiter: ';' }), values);
    expect(textOf(folder)).toBe('true\n2\n\n1970-01-01T00:00:00.000Z\n"{""a"":1}"\n[1]\n1.5\n');
  });

  it('refuses what is no row and numbers that are none', async () => {
    const probe = await SinkProbe.open(FileSink.csv<Row>(newFolder(), { columns: ['id'] }));
    expect(() => probe.write({ id: Number.NaN })).toThrow('field "id" of a record: NaN');
    expect(() => probe.write(7 as never)).toThrow('a row is an object, this is 7');
    await probe.end();
  });

  it('gives rows back through a source', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', 'é'), maxLength: 6 });
    const rows = fc.array(fc.record({ a: text.map((t) => `x${t}`), b: text }), {
      minLength: 1,
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(rows, async (values) => {
        const folder = newFolder();
        await writeAll(FileSink.csv<{ a: string; b: string }>(folder, { columns: ['a', 'b'] }), values);
        expect((await readAll(FileSource.csv(folder))).values).toEqual(values);
        expect(stringify(values)).toBe(textOf(folder).slice('a,b\n'.length));
      }),
      { numRuns: 50 },
    );
  });
});

describe('a Parquet sink', () => {
  const columns = [
    { name: 'id', type: 'INT64', nullable: false },
    { name: 'small', type: 'INT32' },
    { name: 'ok', type: 'BOOLEAN' },
    { name: 'ratio', type: 'DOUBLE' },
    { name: 'name', type: 'STRING' },
    { name: 'more', type: 'JSON' },
    { name: 'day', type: 'DATE' },
    { name: 'at', type: 'TIMESTAMP' },
  ] as const;
  type Row = Partial<Record<(typeof columns)[number]['name'], unknown>>;

  it('gives rows back through a source', async () => {
    const folder = newFolder();
    const at = '2001-02-03T04:05:06.789Z';
    const full = {
      id: 1,
      small: -2,
      ok: true,
      ratio: 0.1,
      name: 'é',
      more: { a: [1] },
      day: '2001-02-03',
      at,
    };
    const dates = { ...full, id: 2n, day: new Date(at), at: Date.parse(at) };
    await writeAll(FileSink.parquet<Row>(folder, { columns }), [full, dates, { id: 3 }]);
    expect(filesOf(folder)).toEqual(['part-0-0.parquet']);
    const nothing = { small: null, ok: null, ratio: null, name: null, more: null, day: null, at: null };
    expect((await readAll(FileSource.parquet(folder))).values).toEqual([
      full,
      { ...full, id: 2 },
      { id: 3, ...nothing },
    ]);
  });

  it('writes row groups of a limited size', async () => {
    const folder = newFolder();
    const probe = await SinkProbe.open(
      FileSink.parquet<Row>(folder, { columns: [{ name: 'id', type: 'INT64' }] }),
    );
    const count = LIMITS.parquetRowGroupRowsMax + 10;
    for (let id = 0; id < count; id++) probe.write({ id });
    await probe.commit();
    expect(filesOf(folder)).toEqual(['.part-0-0.parquet.inprogress']);
    await probe.end();
    const { values } = await readAll(FileSource.parquet<{ id: number }>(folder));
    expect(values.map((row) => row.id)).toEqual(Array.from({ length: count }, (_, id) => id));
  });

  it('refuses values of another type, names the column and keeps its rows whole', async () => {
    const folder = newFolder();
    const probe = await SinkProbe.open(FileSink.parquet<Row>(folder, { columns }));
    const bad: readonly (readonly [Row, string])[] = [
      [{}, 'field "id" of a record: it is undefined'],
      [{ id: 1.5 }, 'INT64 takes a whole, safe number'],
      [{ id: 2n ** 63n }, 'INT64 takes'],
      [{ id: 1, small: 2 ** 31 }, 'INT32 takes a whole number of 32 bits, this is 2147483648'],
      [{ id: 1, ok: 'yes' }, 'BOOLEAN takes a boolean, this is "yes"'],
      [{ id: 1, name: 7 }, 'STRING takes a string, this is 7'],
      [{ id: 1, at: 'soon' }, 'TIMESTAMP takes a Date'],
      [{ id: 1, more: { n: 1n } }, 'field "more.n" of a record: a bigint'],
    ];
    for (const [row, message] of bad) expect(() => probe.write(row)).toThrow(message);
    probe.write({ id: 9 });
    await probe.end();
    expect((await readAll(FileSource.parquet<Row>(folder, { columns: ['id'] }))).values).toEqual([{ id: 9 }]);
  });
});
