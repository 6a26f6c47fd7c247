import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type CsvSourceOptions, FileSource } from '../../../../lib/connectors/file/file-source.ts';
import { LIMITS } from '../../../../lib/core/limits.ts';
import { readAll, SourceProbe, temporaryFolder } from './source-probe.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

let files = 0;

function file(content: string | Buffer, name = `${++files}.csv`): string {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return path;
}

async function read(content: string | Buffer, options: CsvSourceOptions = {}) {
  const path = file(content);
  const { values, rejected } = await readAll(FileSource.csv(path, options));
  return { path, values, rejected };
}

describe('a CSV source', () => {
  it('makes objects of strings by the header', async () => {
    const { values, rejected } = await read('id,name\n1,a\n2,"b, ""quoted""\nand long"\n\n3,\n');
    expect(values).toEqual([
      { id: '1', name: 'a' },
      { id: '2', name: 'b, "quoted"\nand long' },
      { id: '3', name: '' },
    ]);
    expect(rejected).toEqual([]);
  });

  it('reads a byte order mark, CRLF, blank lines and a last row without newline', async () => {
    const { values } = await read('\ufeff\r\nid,n\r\n\r\n1,a\r\n\r\n2,b');
    expect(values).toEqual([
      { id: '1', n: 'a' },
      { id: '2', n: 'b' },
    ]);
  });

  it('takes names, delimiter and quote from its options', async () => {
    const columns = ['x', 'y'];
    expect((await read('1;2\n', { columns, delimiter: ';' })).values).toEqual([{ x: '1', y: '2' }]);
    expect((await read('a,b\n1,2\n', { columns, header: true })).values).toEqual([{ x: '1', y: '2' }]);
    expect((await read("x\n'a,b'\n", { quote: "'" })).values).toEqual([{ x: 'a,b' }]);
    expect((await read('x\n5" pipe\n', { quote: false })).values).toEqual([{ x: '5" pipe' }]);
  });

  it('reads an empty file and one with nothing but a header', async () => {
    expect((await read('')).values).toEqual([]);
    expect((await read('a,b\n')).values).toEqual([]);
  });

  it('leaves the making of numbers to the schema', async () => {
    const schema = z.object({ id: z.coerce.number().int(), at: z.string() });
    const path = file('id,at\n1,x\nnope,y\n3,z\n');
    const { values, rejected } = await readAll(FileSource.csv(path, { schema }));
    expect(values).toEqual([
      { id: 1, at: 'x' },
      { id: 3, at: 'z' },
    ]);
    expect(rejected).toMatchObject([
      {
        code: 'RECORD_INVALID',
        reason: expect.stringMatching(/^id: /),
        position: `${path}:3 (byte 10)`,
        raw: 'nope,y',
      },
    ]);
  });

  it('rejects malformed rows with line and text and goes on', async () => {
    const { path, values, rejected } = await read('a,b\n1,2\n3\n4,5,6\n"7"x,8\n9,1"0\n11,12\n');
    expect(values).toEqual([
      { a: '1', b: '2' },
      { a: '11', b: '12' },
    ]);
    expect(rejected.map(({ code, position, raw }) => [code, position, raw])).toEqual([
      ['RECORD_UNPARSABLE', `${path}:3 (byte 8)`, '3'],
      ['RECORD_UNPARSABLE', `${path}:4 (byte 10)`, '4,5,6'],
      ['RECORD_UNPARSABLE', `${path}:5 (byte 16)`, '"7"x,8'],
      ['RECORD_UNPARSABLE', `${path}:6 (byte 23)`, '9,1"0'],
    ]);
    expect(rejected[0]?.reason).toBe('The row has 1 columns, but the file has 2.');
    expect(rejected[2]?.reason).toContain('closing quote');
    expect(rejected[3]?.reason).toContain('inside an unquoted field');
  });

  it('loses only the line of a quote that is never closed', async () => {
    const { path, values, rejected } = await read('a,b\n1,"two\n3,four\n5,"six"\n7,eight\n');
    expect(values).toEqual([
      { a: '3', b: 'four' },
      { a: '5', b: 'six' },
      { a: '7', b: 'eight' },
    ]);
    expect(rejected).toMatchObject([{ position: `${path}:2 (byte 4)`, raw: '1,"two' }]);
  });

  it('gives up a row whose quotes stay open for too long', async () => {
    const filler = '1,2\n'.repeat(LIMITS.csvRowBytesMax / 2);
    const { values, rejected } = await read(`a,b\n0,"open\n${filler}`);
    expect(rejected).toMatchObject([{ code: 'RECORD_UNPARSABLE', raw: '0,"open' }]);
    expect(values).toHaveLength(LIMITS.csvRowBytesMax / 2);
  });

  it('rejects lines that are not UTF-8', async () => {
    const { path, values, rejected } = await read(
      Buffer.concat([Buffer.from('a\n1\n'), Buffer.from([0xff, 10]), Buffer.from('é\n')]),
    );
    expect(values).toEqual([{ a: '1' }, { a: 'é' }]);
    expect(rejected).toMatchObject([{ code: 'RECORD_ENCODING', position: `${path}:3 (byte 4)` }]);
  });

  it('refuses a header that cannot name fields', async () => {
    await expect(read('a,a\n1,2\n')).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
      message: expect.stringContaining('two columns'),
    });
    await expect(read('"a\n1,2\n')).rejects.toMatchObject({ code: 'SOURCE_INVALID' });
    await expect(read('a,b\n1,2\n', { columns: ['x'], header: true })).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
    });
    await expect(read(Buffer.from([0xff, 10]))).rejects.toMatchObject({ code: 'SOURCE_INVALID' });
  });

  it('reads compressed files', async () => {
    const path = file(gzipSync('a\n1\n'), 'rows.csv.gz');
    expect((await readAll(FileSource.csv(path))).values).toEqual([{ a: '1' }]);
  });

  it('gives back what csv-stringify wrote', async () => {
    const field = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', 'é', ' ', '\r'), maxLength: 6 });
    const rows = fc.array(fc.tuple(field, field, fc.constantFrom('x', 'y')), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(rows, async (tuples) => {
        const path = file(stringify([['p', 'q', 'r'], ...tuples], { quoted: true }), 'property.csv');
        const { values, rejected } = await readAll(FileSource.csv(path));
        expect(rejected).toEqual([]);
        expect(values).toEqual(tuples.map(([p, q, r]) => ({ p, q, r })));
      }),
      { numRuns: 60 },
    );
  });

  it('goes on behind the last row after a restart', async () => {
    const path = file('id,t\n1,"a\nb"\n2,x\n\nbad\n3,"open\n4,y\n5,z\n');
    const whole = await readAll(FileSource.csv(path));
    for (let enough = 0; enough < 7; enough++) {
      const first = await new SourceProbe(FileSource.csv(path)).start();
      await first.run({ enough, maxRecords: 1 });
      const state = JSON.parse(
        JSON.stringify([first.readers[0]!.snapshotState(), first.enumerator.snapshotState()]),
      );
      await first.close();
      const second = await new SourceProbe(FileSource.csv(path)).start(state[1], state[0]);
      const rest = await second.run();
      expect([...first.output.values, ...rest.values]).toEqual(whole.values);
      expect([...first.output.rejected, ...rest.rejected]).toEqual(whole.rejected);
    }
  });
});
