import { describe, expect, it } from 'vitest';
import { takeApart } from '../../../../lib/connectors/kinesis/kpl-aggregate.ts';
import { aggregatesOf } from '../../../kpl/aggregates.ts';

describe('a record of the Kinesis Producer Library', () => {
  it('is the records that were packed into it, in order, with places behind its own', () => {
    const [aggregate, ...others] = aggregatesOf(['one', 'zwei – 2', 'three']);
    expect(others).toEqual([]);
    expect(aggregate?.apart).toEqual([
      { sequenceNumber: '49/0', text: 'one', arrivedAt: 5 },
      { sequenceNumber: '49/1', text: 'zwei – 2', arrivedAt: 5 },
      { sequenceNumber: '49/2', text: 'three', arrivedAt: 5 },
    ]);
  });

  it('stays as it is if it is none, or broken', () => {
    const plain = { sequenceNumber: '49', bytes: Buffer.from('{"a":1}'), arrivedAt: 5 };
    expect(takeApart(plain)).toEqual([plain]);
    const [aggregate] = aggregatesOf(['one', 'two']);
    const cut = { ...plain, bytes: aggregate!.bytes.slice(0, aggregate!.bytes.length - 5) };
    expect(takeApart(cut)).toEqual([cut]);
  });
});
