import aggregation from 'aws-kinesis-agg';
import { describe, expect, it } from 'vitest';
import { takeApart } from '../../../../lib/connectors/kinesis/kpl-aggregate.ts';
import type { PushedRecord } from '../../../../lib/core/connector.ts';

const ARRIVED_AT = 1_700_000_000_123;

/** What the library of AWS packs these texts into. */
async function packed(texts: readonly string[]): Promise<Buffer> {
  const records = texts.map((text, i) => ({ partitionKey: `key-${i % 3}`, data: Buffer.from(text) }));
  const aggregates: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    const take: Parameters<typeof aggregation.aggregate>[1] = ({ data }, next) => {
      aggregates.push(data);
      next();
    };
    aggregation.aggregate(records, take, resolve, reject);
  });
  return Buffer.concat(aggregates);
}

function delivered(bytes: Uint8Array): PushedRecord {
  return { sequenceNumber: '4967', bytes, arrivedAt: ARRIVED_AT };
}

function textOf({ bytes }: PushedRecord): string {
  return Buffer.from(bytes).toString();
}

describe('a record of the Kinesis Producer Library', () => {
  it('is taken apart in order, each part with its own position and the time of arrival', async () => {
    const parts = takeApart(delivered(await packed(['{"n":1}', '{"n":2}', 'ä'])));
    expect(parts.map(textOf)).toEqual(['{"n":1}', '{"n":2}', 'ä']);
    expect(parts.map(({ sequenceNumber }) => sequenceNumber)).toEqual(['4967/0', '4967/1', '4967/2']);
    expect(parts.every(({ arrivedAt }) => arrivedAt === ARRIVED_AT)).toBe(true);
  });

  it('may hold thousands of records', async () => {
    const texts = Array.from({ length: 5000 }, (_, i) => `{"n":${i}}`);
    expect(takeApart(delivered(await packed(texts))).map(textOf)).toEqual(texts);
  });

  it('may be a part of a larger buffer', async () => {
    const bytes = await packed(['a', 'b']);
    const around = Buffer.concat([Buffer.from('before'), bytes, Buffer.from('behind')]);
    const parts = takeApart(delivered(around.subarray(6, 6 + bytes.length)));
    expect(parts.map(textOf)).toEqual(['a', 'b']);
  });
});

describe('a record that is no aggregate', () => {
  it.each([
    ['a line of JSON', Buffer.from('{"n":1}')],
    ['empty', Buffer.alloc(0)],
    ['shorter than the mark of an aggregate', Buffer.from('f389', 'hex')],
  ])('stays as it is: %s', (_, bytes) => {
    const record = delivered(bytes);
    expect(takeApart(record)).toEqual([record]);
  });
});

describe('a broken aggregate stays as it is, so that its decoding says what is wrong', () => {
  it.each([
    ['only its mark', (bytes: Buffer) => bytes.subarray(0, 4)],
    ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length - 5)],
    ['one bit is wrong', (bytes: Buffer) => Buffer.from(bytes).fill(bytes[20]! ^ 1, 20, 21)],
    ['its checksum is wrong', (bytes: Buffer) => Buffer.from(bytes).fill(0, bytes.length - 16)],
  ])('%s', async (_, damage) => {
    const record = delivered(damage(await packed(['{"n":1}', '{"n":2}'])));
    expect(takeApart(record)).toEqual([record]);
  });
});
