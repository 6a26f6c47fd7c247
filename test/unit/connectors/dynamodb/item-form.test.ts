import { describe, expect, it } from 'vitest';
import { itemForm } from '../../../../lib/connectors/dynamodb/item-form.ts';

const ITEM_BYTES_MAX = 400 << 10;
const form = itemForm({ table: 'counts', partitionKey: 'user' });
const sorted = itemForm({ table: 'counts', partitionKey: 'user', sortKey: 'at' });

/** Arrays in arrays, `levels` of them. */
function nested(levels: number): unknown {
  return levels === 0 ? 1 : [nested(levels - 1)];
}

function keyOf(record: unknown): string {
  return form.keyOf(JSON.stringify(record));
}

it('the fields of a record are the attributes of its item', () => {
  const record = { user: 'a', n: 1.5, ok: true, none: null, list: [1, 'b'], map: { c: { d: -1e21 } } };
  expect(form.attributesOf(JSON.stringify(record))).toEqual({
    user: { S: 'a' },
    n: { N: '1.5' },
    ok: { BOOL: true },
    none: { NULL: true },
    list: { L: [{ N: '1' }, { S: 'b' }] },
    map: { M: { c: { M: { d: { N: '-1e+21' } } } } },
  });
});

describe('the key of an item', () => {
  it('is that of the table: other fields do not count, types do', () => {
    expect(keyOf({ user: 'a', n: 1 })).toBe(keyOf({ n: 2, user: 'a' }));
    expect(keyOf({ user: '1' })).not.toBe(keyOf({ user: 1 }));
  });

  it('has both parts of a table with a sort key, kept apart', () => {
    const keys = [
      { user: 'a', at: 'bc' },
      { user: 'ab', at: 'c' },
      { user: 'a', at: 1 },
    ].map((record) => sorted.keyOf(JSON.stringify(record)));
    expect(new Set(keys).size).toBe(3);
  });

  it.each([
    ['is missing', {}, 'This record has none'],
    ['is null', { user: null }, 'This record has another value'],
    ['is empty', { user: '' }, 'This record has another value'],
    ['is too long', { user: 'ä'.repeat(1025) }, 'This record has another value'],
    ['is an object', { user: { name: 'a' } }, 'This record has another value'],
  ])('that %s is a dead letter that says what, where and what to do', (_, record, shown) => {
    expect(() => keyOf(record)).toThrow(
      expect.objectContaining({
        code: 'KEY_INVALID',
        message:
          'Table counts has the key "user": a number, or text of 1 to 2048 bytes. ' +
          `${shown}: set it before the sink.`,
      }),
    );
  });

  it('may have 2048 bytes, as sort key 1024', () => {
    expect(() => keyOf({ user: 'ä'.repeat(1024) })).not.toThrow();
    const record = { user: 'a', at: 'ä'.repeat(512) };
    expect(() => sorted.keyOf(JSON.stringify(record))).not.toThrow();
    expect(() => sorted.keyOf(JSON.stringify({ ...record, at: `${record.at}x` }))).toThrow(
      /has the key "at": a number, or text of 1 to 1024 bytes/,
    );
  });
});

describe('a record that is no item is a dead letter', () => {
  it.each([
    ['an array', [1], 'an item is an object, this is [1]'],
    ['null', null, 'an item is an object, this is null'],
    ['the attribute of the version', { user: 'a', millraceVersion: 1 }, 'its field "millraceVersion" has a'],
    [
      'a number that is too large',
      { user: 'a', n: 1e126 },
      'it holds 1e+126, which is outside of the numbers',
    ],
    ['a number that is too small', { user: 'a', n: -1e-131 }, 'it holds -1e-131, which is outside of the'],
    ['33 levels', { user: 'a', list: nested(33) }, 'it holds more than 32 levels of lists and objects'],
    ['a field without a name', { user: 'a', '': 1 }, 'it holds a field without a name'],
    ['one within another', { user: 'a', map: { '': 1 } }, 'it holds a field without a name'],
  ])('%s', (_, record, what) => {
    expect(() => keyOf(record)).toThrow(
      expect.objectContaining({
        code: 'RECORD_INVALID',
        message: expect.stringContaining(`Table counts cannot hold a record: ${what}`),
      }),
    );
  });

  it('but 32 levels are one', () => {
    expect(() => keyOf({ user: 'a', list: nested(32) })).not.toThrow();
  });

  it.each([
    ['text', 'x'.repeat(ITEM_BYTES_MAX)],
    ['digits, which take more than their JSON', Array.from({ length: ITEM_BYTES_MAX / 3 }, () => 1)],
    ['objects', Array.from({ length: ITEM_BYTES_MAX / 7 }, () => ({ a: null }))],
  ])('of more than 400 KiB: %s', (_, value) => {
    expect(() => keyOf({ user: 'a', value })).toThrow(
      expect.objectContaining({
        code: 'RECORD_TOO_LONG',
        message: expect.stringMatching(
          /^Table counts takes items of at most 409600 bytes, this record makes one of 4096\d\d\. Write less/,
        ),
      }),
    );
  });

  it.each([
    ['text', 'x'.repeat(ITEM_BYTES_MAX - 100)],
    ['digits', Array.from({ length: ITEM_BYTES_MAX / 3 - 50 }, () => 1)],
  ])('but one of nearly 400 KiB of %s is one', (_, value) => {
    expect(() => keyOf({ user: 'a', value })).not.toThrow();
  });
});
