import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decodeEntry, encodeEntry } from '../../../../lib/core/codec/entry-codec.ts';
import { decodeFrame, encodeFrame } from '../../../../lib/core/codec/frame-codec.ts';
import { decodeBaseManifest, encodeBaseManifest } from '../../../../lib/core/codec/manifest-codec.ts';
import { decodeSegment, encodeSegment } from '../../../../lib/core/codec/segment-codec.ts';
import { decodeStateChunk, encodeStateChunk } from '../../../../lib/core/codec/state-codec.ts';
import { decodeValue, encodeValue } from '../../../../lib/core/codec/value-codec.ts';
import { DELTAS, EMPTY_ENTRY, ENTRY, FRAME, HINT, MANIFEST, SEGMENT } from './samples.ts';
import { differenceOf } from './state-values.ts';

interface Format {
  readonly name: string;
  readonly sample: unknown;
  readonly encode: () => Uint8Array;
  readonly decode: (bytes: Uint8Array) => unknown;
}

const FORMATS: readonly Format[] = [
  { name: 'value', sample: DELTAS, encode: () => encodeValue(DELTAS), decode: decodeValue },
  { name: 'frame', sample: FRAME, encode: () => encodeFrame(FRAME), decode: (bytes) => decodeFrame(bytes) },
  { name: 'hint', sample: HINT, encode: () => encodeFrame(HINT), decode: (bytes) => decodeFrame(bytes) },
  { name: 'entry', sample: ENTRY, encode: () => encodeEntry(ENTRY), decode: (bytes) => decodeEntry(bytes) },
  {
    name: 'empty-entry',
    sample: EMPTY_ENTRY,
    encode: () => encodeEntry(EMPTY_ENTRY),
    decode: (bytes) => decodeEntry(bytes),
  },
  {
    name: 'chunk',
    sample: DELTAS,
    encode: () => encodeStateChunk(DELTAS),
    decode: (bytes) => decodeStateChunk(bytes),
  },
  {
    name: 'manifest',
    sample: MANIFEST,
    encode: () => encodeBaseManifest(MANIFEST),
    decode: (bytes) => decodeBaseManifest(bytes),
  },
  {
    name: 'segment',
    sample: SEGMENT,
    encode: () => encodeSegment(SEGMENT),
    decode: (bytes) => decodeSegment(bytes),
  },
];
const SEALED = FORMATS.filter(({ name }) => name !== 'value');

function goldenBytes(name: string): Uint8Array {
  const text = readFileSync(new URL(`golden/${name}.hex`, import.meta.url), 'utf8');
  return new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
}

/** Property order is no part of the contract of these objects; everything else is compared exactly. */
function inNameOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inNameOrder);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, inNameOrder(member)]),
  );
}

describe('format version 0', () => {
  test.each(FORMATS)('writes the golden bytes of $name', ({ name, encode }) => {
    const hex = Buffer.from(encode()).toString('hex');
    expect(hex).toBe(Buffer.from(goldenBytes(name)).toString('hex'));
  });

  test.each(FORMATS)('reads the golden bytes of $name', ({ name, sample, decode }) => {
    const read = decode(goldenBytes(name));
    expect(differenceOf(inNameOrder(sample), inNameOrder(read))).toBeUndefined();
  });

  test('reads a frame that was compressed', () => {
    const frame = decodeFrame(goldenBytes('compressed-frame'));
    expect(frame).toEqual(largeFrame());
  });

  test('compresses what is large and gets smaller', () => {
    const bytes = encodeFrame(largeFrame());
    expect(bytes[4]).toBe(1);
    expect(bytes.length).toBeLessThan(1000);
    expect(decodeFrame(bytes)).toEqual(largeFrame());
  });

  test('writes equal vectors as equal bytes, whatever the order of their names', () => {
    const reversed = Object.fromEntries(Object.entries(ENTRY.consumed).reverse());
    expect(encodeEntry({ ...ENTRY, consumed: reversed })).toEqual(encodeEntry(ENTRY));
  });

  test('owns its bytes', () => {
    for (const { encode } of FORMATS) {
      const bytes = encode();
      expect(bytes.buffer.byteLength).toBe(bytes.length);
    }
  });

  test('reads what lies inside a larger buffer', () => {
    for (const { encode, decode, sample } of SEALED) {
      const bytes = encode();
      const larger = new Uint8Array(bytes.length + 7);
      larger.set(bytes, 3);
      expect(decode(larger.subarray(3, 3 + bytes.length))).toEqual(sample);
    }
  });

  test.each(SEALED)('calls $name damaged when one byte is another', ({ encode, decode }) => {
    const bytes = encode();
    for (let i = 0; i < bytes.length; i += 1 + Math.floor(bytes.length / 200)) {
      const damaged = bytes.slice();
      damaged[i]! ^= 0x41;
      const expected = i === 3 || i === 4 ? 'STATE_FORMAT_UNSUPPORTED' : 'STATE_CORRUPT';
      expect(() => decode(damaged), `byte ${i}`).toThrow(expect.objectContaining({ code: expected }));
    }
  });

  test.each(SEALED)('calls $name damaged when its end is missing or too long', ({ encode, decode }) => {
    const bytes = encode();
    for (const length of [0, 5, 9, bytes.length - 1]) {
      expect(() => decode(bytes.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'STATE_CORRUPT' }),
      );
    }
    const longer = new Uint8Array([...bytes, 0]);
    expect(() => decode(longer)).toThrow(expect.objectContaining({ code: 'STATE_CORRUPT' }));
  });

  test('takes an object of one kind for no other', () => {
    expect(() => decodeStateChunk(encodeEntry(ENTRY), 'The chunk c1')).toThrow(
      'The chunk c1 is damaged: it does not start like a chunk of Millrace. Restore the job from its ' +
        'latest checkpoint or from a copy of the store.',
    );
  });

  test('refuses a newer format, and names the remedy', () => {
    const newer = encodeEntry(ENTRY);
    newer[3] = 1;
    expect(() => decodeEntry(newer, 'The log entry r7/count/1 version 41')).toThrow(
      'The log entry r7/count/1 version 41 has format version 1 with flags 0, but this release of Millrace ' +
        'reads version 0; run the release that wrote it, or a newer one.',
    );
  });

  test('names what cannot be encoded', () => {
    const runs = [
      { watermark: 0, idle: false, records: [{ keyGroup: 1, value: { f: () => 1 }, timestamp: 0 }] },
    ];
    expect(() => encodeFrame({ ...FRAME, runs })).toThrow(
      'A record from source/0 to count/1 cannot keep value.f, which is a function',
    );
    const change = { op: 'put', key: 1, namespace: undefined, part: undefined, value: Symbol('s') } as const;
    const keyed = [{ name: 'total', kind: 'value', changes: [change] }] as const;
    expect(() => encodeStateChunk([{ ...DELTAS[1]!, keyed }])).toThrow(
      "State 'total' of operator #3 cannot keep value, which is a symbol",
    );
  });
});

function largeFrame(): typeof FRAME {
  const records = Array.from({ length: 500 }, (_, i) => ({
    keyGroup: i % 128,
    value: { user: `user ${i % 3}`, text: 'the same text in every record', count: i % 2 },
    timestamp: 1_700_000_000_000 + i,
  }));
  return { ...FRAME, runs: [{ watermark: 5, idle: false, records }] };
}
