import { createReadStream, createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip, gzipSync, zstdCompressSync } from 'node:zlib';
import { type } from 'arktype';
import fc from 'fast-check';
import * as v from 'valibot';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FileSource } from '../../../../lib/connectors/file/file-source.ts';
import { newSplit } from '../../../../lib/connectors/file/file-split.ts';
import { NdjsonReader } from '../../../../lib/connectors/file/ndjson-reader.ts';
import { LIMITS } from '../../../../lib/core/limits.ts';
import { keepingOutput, readAll, SourceProbe, temporaryFolder } from './source-probe.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

let files = 0;

/** Writes a file and answers its path. */
function file(content: string | Buffer, name = `${++files}.ndjson`): string {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return path;
}

describe('an NDJSON source', () => {
  it('emits one value a line in the order of the file', async () => {
    const { values, rejected } = await readAll(FileSource.ndjson(file('{"a":1}\n{"a":2}\n{"a":3}\n')));
    expect(values).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
    expect(rejected).toEqual([]);
  });

  it('reads a last line without newline, CRLF, blank lines and a byte order mark', async () => {
    const { values, rejected } = await readAll(FileSource.ndjson(file('\ufeff1\r\n\r\n\n  \t\n2\r\n\r\n3')));
    expect(values).toEqual([1, 2, 3]);
    expect(rejected).toEqual([]);
  });

  it('takes every JSON value for a record', async () => {
    const { values } = await readAll(FileSource.ndjson(file('42\n"text"\nnull\ntrue\n[1]\n')));
    expect(values).toEqual([42, 'text', null, true, [1]]);
  });

  it('reads an empty file and a file without a valid record', async () => {
    expect((await readAll(FileSource.ndjson(file('')))).values).toEqual([]);
    const { values, rejected } = await readAll(FileSource.ndjson(file('x\ny\n')));
    expect(values).toEqual([]);
    expect(rejected).toHaveLength(2);
  });

  it('rejects malformed lines with their place and goes on', async () => {
    const path = file('{"a":1}\n{"a":\n\n{"é":2}\nnope\n{"a":3}');
    const { values, rejected } = await readAll(FileSource.ndjson(path));
    expect(values).toEqual([{ a: 1 }, { é: 2 }, { a: 3 }]);
    expect(rejected).toMatchObject([
      { code: 'RECORD_UNPARSABLE', position: `${path}:2 (byte 8)`, raw: '{"a":' },
      { code: 'RECORD_UNPARSABLE', position: `${path}:5 (byte 24)`, raw: 'nope' },
    ]);
    expect(rejected[0]?.reason).toMatch(/^The line is not JSON: /);
  });

  it('rejects lines that are not UTF-8 and keeps their neighbours', async () => {
    const path = file(
      Buffer.concat([Buffer.from('"é"\n"'), Buffer.from([0xff, 0xfe]), Buffer.from('"\n"ok"\n')]),
    );
    const { values, rejected } = await readAll(FileSource.ndjson(path));
    expect(values).toEqual(['é', 'ok']);
    expect(rejected).toMatchObject([
      { code: 'RECORD_ENCODING', position: `${path}:2 (byte 5)`, raw: '"\ufffd\ufffd"' },
    ]);
  });

  it('skips a line of 50 MB without keeping it in memory', async () => {
    const huge = Buffer.alloc(50 << 20, 0x61);
    const path = file(Buffer.concat([Buffer.from('1\n"'), huge, Buffer.from('"\n2\nbad\n')]));
    const before = process.memoryUsage().arrayBuffers;
    const reader = new NdjsonReader<number>(newSplit(path), { compression: 'none' }, undefined);
    const output = keepingOutput<number>();
    let peak = 0;
    while (reader.read(output.forSplit(''), 1) !== 'end') {
      peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
    }
    expect(output.values).toEqual([1, 2]);
    const bytes = (50 << 20) + 3;
    const reason = `The line has ${bytes} bytes, more than the ${LIMITS.lineBytesMax} that a line may have.`;
    const [long, bad] = output.rejected;
    expect(long).toMatchObject({ code: 'RECORD_TOO_LONG', reason, position: `${path}:2 (byte 2)` });
    expect(long?.raw).toHaveLength(LIMITS.deadLetterRawBytesMax);
    expect(bad?.position).toBe(`${path}:4 (byte ${(50 << 20) + 7})`);
    expect(peak).toBeLessThan(4 * LIMITS.lineBytesMax);
    await reader.close();
  });

  it('cuts the raw text of a dead letter between characters', async () => {
    const { rejected } = await readAll(
      FileSource.ndjson(file(`${'é'.repeat(LIMITS.deadLetterRawBytesMax)}\n`)),
    );
    expect(rejected[0]?.raw).toBe('é'.repeat(LIMITS.deadLetterRawBytesMax / 2));
  });

  it('lets an error of the user function pass and knows the record it came from', async () => {
    const path = file('1\n2\n3\n');
    const reader = new NdjsonReader<number>(newSplit(path), { compression: 'none' }, undefined);
    const failing = {
      collect: (value: number) => {
        if (value === 2) throw new SyntaxError('mine');
      },
      reject: () => expect.unreachable(),
    };
    expect(() => reader.read(failing, 10)).toThrow('mine');
    expect(reader.currentPosition()).toBe(`${path}:2 (byte 2)`);
    await reader.close();
  });

  it('emits about as many records a poll as it is asked for', async () => {
    const probe = await new SourceProbe(FileSource.ndjson(file('1\n'.repeat(100)))).start();
    probe.readers[0]?.pollNext(probe.output, 7);
    expect(probe.output.values).toHaveLength(7);
    await probe.close();
  });
});

describe('a schema', () => {
  const content = '{"id":1,"name":"a"}\n{"id":"2","name":"b"}\n{"id":3}\n[]\n';
  const schemas = {
    zod: z.object({ id: z.number(), name: z.string() }),
    valibot: v.object({ id: v.number(), name: v.string() }),
    arktype: type({ id: 'number', name: 'string' }),
  };
  for (const [vendor, schema] of Object.entries(schemas)) {
    it(`of ${vendor} lets valid records in and rejects the others with the path of the mistake`, async () => {
      const path = file(content);
      const { values, rejected } = await readAll(FileSource.ndjson(path, { schema }));
      expect(values).toEqual([{ id: 1, name: 'a' }]);
      expect(rejected.map(({ code, position }) => [code, position])).toEqual([
        ['RECORD_INVALID', `${path}:2 (byte 20)`],
        ['RECORD_INVALID', `${path}:3 (byte 42)`],
        ['RECORD_INVALID', `${path}:4 (byte 51)`],
      ]);
      expect(rejected[0]?.reason).toMatch(/^id: /);
      expect(rejected[1]).toMatchObject({ reason: expect.stringContaining('name'), raw: '{"id":3}' });
    });
  }

  it('decides what enters the stream', async () => {
    const schema = z.object({
      at: z.string().transform((text) => Date.parse(text)),
      extra: z.number().default(7),
    });
    const { values } = await readAll(
      FileSource.ndjson(file('{"at":"1970-01-01T00:00:01Z","gone":1}\n'), { schema }),
    );
    expect(values).toEqual([{ at: 1000, extra: 7 }]);
  });

  it('is refused if it is asynchronous', async () => {
    const schema = z.string().refine(async () => false);
    const source = FileSource.ndjson(file('"a"\n'), { schema });
    await expect(readAll(source)).rejects.toMatchObject({ code: 'SCHEMA_ASYNC' });
  });

  it('that throws rejects the record', async () => {
    const schema = z.number().transform((n) => {
      if (n === 1) throw new Error('boom');
      return n;
    });
    const { values, rejected } = await readAll(FileSource.ndjson(file('2\n1\n3\n'), { schema }));
    expect(values).toEqual([2, 3]);
    expect(rejected).toMatchObject([
      { code: 'RECORD_INVALID', reason: expect.stringContaining('threw'), raw: '1' },
    ]);
  });
});

describe('a compressed NDJSON source', () => {
  const rows = Array.from({ length: 30_000 }, (_, id) => ({ id, text: `row ${id} é` }));
  const content = Buffer.from(rows.map((row) => JSON.stringify(row)).join('\n'));
  const archives = { gz: gzipSync(content), zst: zstdCompressSync(content) };
  for (const [extension, archive] of Object.entries(archives)) {
    it(`is recognised by .${extension}`, async () => {
      const { values, rejected } = await readAll(FileSource.ndjson(file(archive, `all.ndjson.${extension}`)));
      expect(rejected).toEqual([]);
      expect(values).toEqual(rows);
    });

    it(`of several .${extension} pieces behind each other is read to the end`, async () => {
      const parts = [content.subarray(0, 999_990), Buffer.alloc(0), content.subarray(999_990)];
      const compress = extension === 'gz' ? gzipSync : zstdCompressSync;
      const path = file(Buffer.concat(parts.map((part) => compress(part))), `pieces.${extension}`);
      expect((await readAll(FileSource.ndjson(path))).values).toEqual(rows);
    });

    it(`that ends too early or is none fails naming the .${extension} file`, async () => {
      const short = file(archive.subarray(0, archive.length - 20), `short.${extension}`);
      const source = FileSource.ndjson(short);
      await expect(readAll(source)).rejects.toMatchObject({
        code: 'SOURCE_INVALID',
        message: expect.stringContaining(short),
      });
      const none = file('{"a":1}\n', `none.${extension}`);
      await expect(readAll(FileSource.ndjson(none))).rejects.toMatchObject({
        code: 'SOURCE_INVALID',
        message: expect.stringContaining(none),
      });
    });

    it(`goes on behind the last record after a restart (.${extension})`, async () => {
      const path = file(archive, `restart.${extension}`);
      const first = await new SourceProbe(FileSource.ndjson(path)).start();
      await first.run({ enough: 12_345 });
      const [splits, checkpoint] = [first.readers[0]!.snapshotState(), first.enumerator.snapshotState()];
      await first.close();
      const second = await new SourceProbe(FileSource.ndjson(path)).start(checkpoint, splits);
      const { values } = await second.run();
      expect([...first.output.values, ...values]).toEqual(rows);
    });

    it(`may be an empty .${extension} file`, async () => {
      expect((await readAll(FileSource.ndjson(file('', `empty.${extension}`)))).values).toEqual([]);
    });
  }

  it('does what it is told rather than what the name says', async () => {
    const path = file(gzipSync('1\n2\n'), 'no-extension');
    expect((await readAll(FileSource.ndjson(path, { compression: 'gzip' }))).values).toEqual([1, 2]);
    const plain = file('1\n', 'plain.gz');
    expect((await readAll(FileSource.ndjson(plain, { compression: 'none' }))).values).toEqual([1]);
  });

  it('skips a line of 50 MB', async () => {
    const plain = file(
      Buffer.concat([Buffer.from('1\n'), Buffer.alloc(50 << 20, 0x61), Buffer.from('\n2\n')]),
    );
    await pipeline(createReadStream(plain), createGzip({ level: 1 }), createWriteStream(`${plain}.gz`));
    const { values, rejected } = await readAll(FileSource.ndjson(`${plain}.gz`));
    expect(values).toEqual([1, 2]);
    expect(rejected).toMatchObject([{ code: 'RECORD_TOO_LONG' }]);
  });
});

describe('an NDJSON split', () => {
  it('can be left and taken up anywhere without losing or doubling a record', () => {
    const line = fc.oneof(
      fc.json({ maxDepth: 1 }),
      fc.constantFrom('', '\r', '  ', 'bad', '"é€"', '{"a":1}\r', `"${'x'.repeat(40)}"`, '\ufeff'),
    );
    const stops = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 });
    mkdirSync(folder.path, { recursive: true });
    fc.assert(
      fc.property(fc.array(line), stops, fc.integer({ min: 3, max: 64 }), (lines, batches, readBytes) => {
        const path = file(lines.join('\n'), 'property.ndjson');
        const options = { compression: 'none', readBytes, lineBytesMax: 32 } as const;
        const whole = readSplit(() => Number.POSITIVE_INFINITY);
        let poll = 0;
        const interrupted = readSplit(() => batches[poll++ % batches.length] ?? 1);
        expect(interrupted).toEqual(whole);

        /** Reads with a new reader for each batch. */
        function readSplit(batch: () => number) {
          const output = keepingOutput<unknown>();
          let split = newSplit(path);
          for (;;) {
            const reader = new NdjsonReader<unknown>(split, options, undefined);
            const status = reader.read(output.forSplit(''), batch());
            split = reader.snapshot();
            void reader.close();
            if (status === 'end') return { values: output.values, rejected: output.rejected };
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('that is no longer as long as it was is refused', async () => {
    const path = file('1\n2\n');
    const split = { ...newSplit(path), offset: 100 };
    expect(() => new NdjsonReader(split, { compression: 'none' }, undefined)).toThrow(
      expect.objectContaining({ code: 'SOURCE_INVALID' }),
    );
  });
});
