import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ByteSource, WAIT } from '../../../../lib/connectors/file/byte-source.ts';
import { LineBlocks } from '../../../../lib/connectors/file/line-blocks.ts';

/** Answers `bytes` in pieces of at most `chunk`, and WAIT before every piece if `waits`. */
function bytesOf(
  bytes: Buffer,
  options: { chunk?: number; waits?: boolean; from?: number } = {},
): ByteSource {
  const { chunk = bytes.length, waits = false } = options;
  let at = Math.min(options.from ?? 0, bytes.length);
  let waited = false;
  return {
    read(target, to, length) {
      if (waits && !waited) {
        waited = true;
        return WAIT;
      }
      waited = false;
      const count = bytes.copy(target, to, at, Math.min(at + Math.min(chunk, length), bytes.length));
      at += count;
      return count;
    },
    isAvailable: async () => {},
    close: async () => {},
  };
}

interface Delivered {
  readonly lines: string[];
  readonly bad: string[];
}

function deliver(blocks: LineBlocks): Delivered {
  const lines: string[] = [];
  const bad: string[] = [];
  for (;;) {
    const status = blocks.next();
    if (status === 'end') return { lines, bad };
    if (status === 'block') lines.push(...blocks.text.replace(/\n$/, '').split('\n'));
    if (status === 'bad-line') bad.push(`${blocks.badLine?.code}@${blocks.badLine?.offset}`);
  }
}

function linesOf(bytes: Buffer, range?: { start: number; end: number | null }, sizes = {}): Delivered {
  const start = range?.start ?? 0;
  const from = start > 0 ? start - 1 : 0;
  const source = bytesOf(bytes, { from });
  return deliver(
    new LineBlocks({ source, offset: from, skipFirst: start > 0, end: range?.end ?? null, ...sizes }),
  );
}

describe('LineBlocks', () => {
  it('delivers every line whatever the size of the pieces that are read', () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replaceAll('\n', ' '));
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1 }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        (lines, chunk, waits) => {
          fc.pre(lines.at(-1) !== '' && !lines[0]?.startsWith('\ufeff'));
          const bytes = Buffer.from(lines.join('\n'));
          const source = bytesOf(bytes, { chunk, waits });
          const blocks = new LineBlocks({
            source,
            offset: 0,
            skipFirst: false,
            end: null,
            readBytes: chunk + 3,
          });
          expect(deliver(blocks)).toEqual({ lines, bad: [] });
        },
      ),
    );
  });

  it('gives every line to exactly one of the ranges of a file', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n', 'é', '€'), maxLength: 60 });
    fc.assert(
      fc.property(
        text,
        fc.uniqueArray(fc.nat(80), { maxLength: 5 }),
        fc.integer({ min: 4, max: 20 }),
        (content, cuts, readBytes) => {
          const bytes = Buffer.from(content);
          const starts = [0, ...cuts.filter((cut) => cut > 0).sort((a, b) => a - b)];
          const parts = starts.map((start, i) =>
            linesOf(bytes, { start, end: starts[i + 1] ?? null }, { readBytes }),
          );
          const whole = linesOf(bytes);
          expect(parts.flatMap((part) => part.lines)).toEqual(whole.lines);
          expect(parts.flatMap((part) => part.bad)).toEqual([]);
        },
      ),
    );
  });

  it('goes on from its position with exactly what it has not delivered', () => {
    const piece = fc.constantFrom('a', '\n', 'bb\n', '€', '\n\n', 'a line that is too long', '\xff');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.nat(20), (pieces, stopAfter) => {
        const bytes = Buffer.concat(
          pieces.map((text) => Buffer.from(text, text === '\xff' ? 'latin1' : 'utf8')),
        );
        const sizes = { readBytes: 7, lineBytesMax: 15 };
        const first = new LineBlocks({
          source: bytesOf(bytes),
          offset: 0,
          skipFirst: false,
          end: null,
          ...sizes,
        });
        const before: Delivered = { lines: [], bad: [] };
        for (let i = 0; i < stopAfter; i++) {
          const status = first.next();
          if (status === 'end') break;
          if (status === 'block') before.lines.push(...first.text.replace(/\n$/, '').split('\n'));
          else before.bad.push(`${first.badLine?.code}@${first.badLine?.offset}`);
        }
        const { position } = first;
        const source = bytesOf(bytes, { from: position });
        const after = deliver(
          new LineBlocks({ source, offset: position, skipFirst: false, end: null, ...sizes }),
        );
        const whole = linesOf(bytes, undefined, sizes);
        expect([...before.lines, ...after.lines]).toEqual(whole.lines);
        expect([...before.bad, ...after.bad]).toEqual(whole.bad);
      }),
    );
  });

  it('accepts a line of the greatest length and reports one of one byte more', () => {
    const sizes = { readBytes: 8, lineBytesMax: 10 };
    expect(linesOf(Buffer.from(`${'x'.repeat(10)}\nb`), undefined, sizes)).toEqual({
      lines: ['x'.repeat(10), 'b'],
      bad: [],
    });
    expect(linesOf(Buffer.from(`${'x'.repeat(10)}`), undefined, sizes)).toEqual({
      lines: ['x'.repeat(10)],
      bad: [],
    });
    expect(linesOf(Buffer.from(`a\n${'x'.repeat(11)}\nb`), undefined, sizes)).toEqual({
      lines: ['a', 'b'],
      bad: ['RECORD_TOO_LONG@2'],
    });
    expect(linesOf(Buffer.from('x'.repeat(11)), undefined, sizes)).toEqual({
      lines: [],
      bad: ['RECORD_TOO_LONG@0'],
    });
  });

  it('reports only the lines that are not UTF-8', () => {
    const bytes = Buffer.concat([
      Buffer.from('é\n'),
      Buffer.from([0xff, 10]),
      Buffer.from('ok\n'),
      Buffer.from([0xc3]),
    ]);
    expect(linesOf(bytes)).toEqual({ lines: ['é', 'ok'], bad: ['RECORD_ENCODING@3', 'RECORD_ENCODING@8'] });
  });

  it('leaves out the byte order mark of a file but not one further on', () => {
    const bytes = Buffer.from('\ufeffa\n\ufeffb\n');
    expect(linesOf(bytes).lines).toEqual(['a', '\ufeffb']);
    expect(linesOf(Buffer.from('\ufeff'))).toEqual({ lines: [], bad: [] });
  });

  it('has nothing to say about an empty file', () => {
    expect(linesOf(Buffer.alloc(0))).toEqual({ lines: [], bad: [] });
  });
});
