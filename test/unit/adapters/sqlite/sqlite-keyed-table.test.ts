import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteStore } from '../../../../lib/adapters/sqlite/sqlite-store.ts';
import { encodeKey } from '../../../../lib/core/key.ts';
import type { RowChange } from '../../../../lib/core/log/keyed-row.ts';

let folder = '';
let store: SqliteStore;

const open = () => SqliteStore.open(folder, { jobName: 'rows' });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-rows-'));
  store = open();
});

afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

function put(key: unknown, place: unknown, text: string): RowChange {
  return { op: 'put', key: encodeKey(key), place: encodeKey(place), value: Buffer.from(text) };
}

function remove(key: unknown, [from, to]: readonly [number, number]): RowChange {
  return { op: 'remove', key: encodeKey(key), place: encodeKey(from), end: encodeKey(to) };
}

function texts(operator: string, key: unknown): readonly string[] {
  return store.keyed.readKey(operator, encodeKey(key)).map(({ value }) => Buffer.from(value).toString());
}

describe('SqliteKeyedTable', () => {
  it('keeps rows by operator and key, in order of their places', () => {
    store.commit({
      rows: [
        { operator: 'a', changes: [put(1, 3, 'three'), put(1, -2, 'two'), put(2, 1, '')] },
        { operator: 'b', changes: [put(1, 1, 'other')] },
      ],
    });
    store.close();
    store = open();
    expect(texts('a', 1)).toEqual(['two', 'three']);
    expect(texts('a', 2)).toEqual(['']);
    expect(texts('b', 1)).toEqual(['other']);
    expect(texts('b', 2)).toEqual([]);
    expect(store.keyed.operators()).toEqual(['a', 'b']);
    const keys = [...store.keyed.rows('a')].map(({ key }) => Buffer.from(key));
    expect(keys).toEqual([1, 1, 2].map((key) => Buffer.from(encodeKey(key))));
  });

  it('applies changes in order, and drops operators before', () => {
    store.commit({ rows: [{ operator: 'a', changes: [put(1, 1, 'x'), put(1, 2, 'x')] }] });
    const changes = [remove(1, [1, 9]), put(1, 2, 'y'), put(1, 3, 'y'), put(1, 4, 'y'), remove(1, [3, 4])];
    store.commit({ rows: [{ operator: 'a', changes }] });
    expect(texts('a', 1)).toEqual(['y', 'y']);
    store.commit({ droppedRows: ['a', 'none'], rows: [{ operator: 'a', changes: [put(1, 5, 'z')] }] });
    expect(texts('a', 1)).toEqual(['z']);
  });

  it('I1: changes rows with the rest of the commit or not at all', async () => {
    await store.records.create('k', 1);
    const rows = [{ operator: 'a', changes: [put(1, 1, 'x')] }];
    const refused = store.commit({ rows, records: [{ key: 'k', revision: 7, value: 2 }] });
    expect(refused.kind).toBe('record-changed');
    expect(texts('a', 1)).toEqual([]);
    const broken = (function* () {
      yield put(1, 1, 'x');
      throw new Error('a value that cannot be written');
    })();
    expect(() => store.commit({ rows: [{ operator: 'a', changes: broken }] })).toThrow('cannot be written');
    expect(texts('a', 1)).toEqual([]);
    expect(store.commit({ rows }).kind).toBe('accepted');
    expect(texts('a', 1)).toEqual(['x']);
  });

  it('finds a damaged value', () => {
    store.commit({ rows: [{ operator: 'a', changes: [put(1, 1, 'whole')] }] });
    const database = new DatabaseSync(join(folder, 'state.db'));
    database.exec(`UPDATE keyed SET value = x'00'`);
    database.close();
    const damaged = expect.objectContaining({ code: 'STATE_CORRUPT' });
    expect(() => texts('a', 1)).toThrow(damaged);
    expect(() => [...store.keyed.rows('a')]).toThrow(damaged);
  });
});
