import { describe, expect, it } from 'vitest';
import { asChangeLine } from '../../../../lib/connectors/dynamodb/table-change.ts';

function lineOf(record: object): unknown {
  const bytes = Buffer.from(JSON.stringify(record));
  const [line, ...others] = asChangeLine({ sequenceNumber: '7', bytes, arrivedAt: 3 });
  expect(others).toEqual([]);
  expect(line).toMatchObject({ sequenceNumber: '7', arrivedAt: 3 });
  return JSON.parse(Buffer.from(line!.bytes).toString());
}

describe('a change of a table', () => {
  it('has the images that the stream has, as plain JSON', () => {
    const dynamodb = {
      Keys: { id: { S: 'a' } },
      NewImage: { id: { S: 'a' }, list: { L: [{ N: '1.5' }, { NULL: true }, { BOOL: false }] } },
      OldImage: { id: { S: 'a' }, map: { M: { deep: { SS: ['x', 'y'] } } } },
    };
    expect(lineOf({ eventName: 'MODIFY', dynamodb })).toEqual({
      eventName: 'MODIFY',
      keys: { id: 'a' },
      newImage: { id: 'a', list: [1.5, null, false] },
      oldImage: { id: 'a', map: { deep: ['x', 'y'] } },
    });
    const removed = { eventName: 'REMOVE', dynamodb: { Keys: { id: { S: 'a' } } } };
    expect(lineOf(removed)).toEqual({ eventName: 'REMOVE', keys: { id: 'a' } });
  });

  it('keeps every digit of a number and leaves binary values in Base64', () => {
    const NewImage = {
      big: { N: '12345678901234567890' },
      exact: { N: '9007199254740991' },
      tiny: { N: '0.1' },
      numbers: { NS: ['1', '98765432109876543210'] },
      bytes: { B: 'aGk=' },
    };
    expect(lineOf({ eventName: 'INSERT', dynamodb: { NewImage } })).toEqual({
      eventName: 'INSERT',
      newImage: {
        big: '12345678901234567890',
        exact: 9007199254740991,
        tiny: 0.1,
        numbers: [1, '98765432109876543210'],
        bytes: 'aGk=',
      },
    });
  });
});
