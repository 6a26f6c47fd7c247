/** What every KeyedTable keeps. */
import { expect } from 'vitest';
import { encodeKey } from '../../lib/core/key.ts';
import type { VersionedRow } from '../../lib/core/log/keyed-row.ts';
import type { KeyedTable, TableScope } from '../../lib/ports/keyed-table.ts';
import { type ContractCase, type ContractOptions, describeContract, type Open } from './contract-cases.ts';

const SCOPE: TableScope = { run: 'run', operator: 'op' };

/** More rows than any store reads or writes at once. */
const MANY_ROWS = 1200;

function row(key: unknown, place: unknown, version: number, text: string | undefined): VersionedRow {
  const value = text === undefined ? undefined : Buffer.from(text);
  return { key: encodeKey(key), place: encodeKey(place), version, value };
}

/** Rows of one key as text, in order of their places. */
async function rowsOf(table: KeyedTable, key: unknown, scope = SCOPE): Promise<readonly string[]> {
  const [rows = []] = await table.load(scope, [encodeKey(key)]);
  return [...rows]
    .sort((a, b) => Buffer.compare(a.place, b.place))
    .map(
      ({ version, value }) => `${version} ${value === undefined ? 'gone' : Buffer.from(value).toString()}`,
    );
}

const cases: readonly ContractCase<KeyedTable>[] = [
  {
    id: 'TAB-01',
    says: 'rows come back by key, keys in the order in which they were asked for',
    run: async (table) => {
      await table.write(SCOPE, [row('a', 1, 1, 'a1'), row('b', 1, 1, 'b1'), row('a', 2, 1, 'a2')]);
      const loaded = await table.load(SCOPE, ['b', 'none', 'a'].map(encodeKey));
      expect(loaded.map(({ length }) => length)).toEqual([1, 0, 2]);
      expect(await rowsOf(table, 'a')).toEqual(['1 a1', '1 a2']);
      expect(await rowsOf(table, 'b')).toEqual(['1 b1']);
      expect(await table.load(SCOPE, [])).toEqual([]);
    },
  },
  {
    id: 'TAB-02',
    says: 'in a place the newest version wins, in whatever order versions arrive',
    run: async (table) => {
      await table.write(SCOPE, [row('a', 1, 5, 'five')]);
      await table.write(SCOPE, [row('a', 1, 3, 'three')]);
      expect(await rowsOf(table, 'a')).toEqual(['5 five']);
      await table.write(SCOPE, [row('a', 1, 5, 'again')]);
      expect(await rowsOf(table, 'a')).toEqual(['5 five']);
      await table.write(SCOPE, [row('a', 1, 10, 'ten')]);
      expect(await rowsOf(table, 'a')).toEqual(['10 ten']);
    },
  },
  {
    id: 'TAB-03',
    says: 'a tombstone keeps its version: an older row does not come back',
    run: async (table) => {
      await table.write(SCOPE, [row('a', 1, 1, 'x')]);
      await table.write(SCOPE, [row('a', 1, 2, undefined)]);
      await table.write(SCOPE, [row('a', 1, 1, 'x')]);
      expect(await rowsOf(table, 'a')).toEqual(['2 gone']);
      await table.write(SCOPE, [row('a', 1, 3, 'y')]);
      expect(await rowsOf(table, 'a')).toEqual(['3 y']);
    },
  },
  {
    id: 'TAB-04',
    says: 'an old row among new ones does not keep these from being written',
    run: async (table) => {
      await table.write(SCOPE, [row('a', 2, 9, 'new')]);
      await table.write(SCOPE, [row('a', 1, 5, 'x'), row('a', 2, 5, 'old'), row('a', 3, 5, 'z')]);
      expect(await rowsOf(table, 'a')).toEqual(['5 x', '9 new', '5 z']);
    },
  },
  {
    id: 'TAB-05',
    says: 'a row is removed only at exactly its version',
    run: async (table) => {
      await table.write(SCOPE, [row('a', 1, 7, undefined), row('a', 2, 7, 'x')]);
      await table.remove(SCOPE, [row('a', 1, 6, undefined), row('a', 2, 8, undefined)]);
      expect(await rowsOf(table, 'a')).toEqual(['7 gone', '7 x']);
      await table.remove(SCOPE, [row('a', 1, 7, undefined), row('none', 1, 7, undefined)]);
      expect(await rowsOf(table, 'a')).toEqual(['7 x']);
    },
  },
  {
    id: 'TAB-06',
    says: 'runs and operators have rows of their own, and a run is deleted alone',
    run: async (table) => {
      const others = [
        { run: 'run', operator: 'op2' },
        { run: 'run2', operator: 'op' },
        { run: 'ru', operator: 'nop' },
      ];
      for (const scope of [SCOPE, ...others]) await table.write(scope, [row('a', 1, 1, scope.run)]);
      await table.deleteRun('run');
      expect(await rowsOf(table, 'a')).toEqual([]);
      const left = await Promise.all(others.map((scope) => rowsOf(table, 'a', scope)));
      expect(left).toEqual([[], ['1 run2'], ['1 ru']]);
    },
  },
  {
    id: 'TAB-07',
    says: 'bytes of any kind come back, an empty value too, and are not shared',
    run: async (table) => {
      const key = ['\u0000', Number.NaN, -1n, { a: new Date(0) }];
      const value = Buffer.from([0, 255, 128]);
      await table.write(SCOPE, [
        { key: encodeKey(key), place: encodeKey('\u0000'), version: 1, value },
        { key: encodeKey(key), place: encodeKey('\u0000\u0000'), version: 1, value: Buffer.alloc(0) },
      ]);
      value[0] = 9;
      const [rows = []] = await table.load(SCOPE, [encodeKey(key)]);
      const values = rows.map((one) => Buffer.from(one.value ?? 'none').toString('hex')).sort();
      expect(values).toEqual(['', '00ff80']);
    },
  },
  {
    id: 'TAB-08',
    says: 'a key with more rows, and a batch of more keys, than a store takes at once are complete',
    run: async (table) => {
      const rows = Array.from({ length: MANY_ROWS }, (_, i) => row('many', i, 1, String(i)));
      await table.write(SCOPE, [...rows, ...rows.map((_, i) => row(i, 0, 1, String(i)))]);
      expect(await rowsOf(table, 'many')).toEqual(rows.map((_, i) => `1 ${i}`));
      const loaded = await table.load(
        SCOPE,
        rows.map((_, i) => encodeKey(i)),
      );
      expect(loaded.map(([only]) => Buffer.from(only?.value ?? []).toString())).toEqual(
        rows.map((_, i) => String(i)),
      );
    },
  },
];

/** The contract of KeyedTable. */
export function describeKeyedTable(
  name: string,
  open: Open<KeyedTable>,
  options: ContractOptions = {},
): void {
  describeContract(`${name}: KeyedTable`, cases, { ...options, open });
}
