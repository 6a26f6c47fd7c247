import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryKeyedTable } from '../../../../lib/adapters/memory/memory-keyed-table.ts';
import { encodeKey } from '../../../../lib/core/key.ts';
import type { VersionedRow } from '../../../../lib/core/log/keyed-row.ts';
import { ListStateDescriptor, MapStateDescriptor } from '../../../../lib/core/state.ts';
import { retiredRows } from '../../../../lib/protocol/materialised-row.ts';
import { HeapKeyedStateBackend } from '../../../../lib/runtime/state/heap-keyed-state-backend.ts';
import type { KeyedStateBackend } from '../../../../lib/runtime/state/keyed-state-backend.ts';
import { RemoteKeyRows } from '../../../../lib/runtime/state/remote-key-rows.ts';
import { TableKeyedStateBackend } from '../../../../lib/runtime/state/table-keyed-state-backend.ts';

const SCOPE = { run: 'r', operator: 'op' };
const LIST = new ListStateDescriptor<number>('list');
const MAP = new MapStateDescriptor<number, number>('map');
const OPTIONS = { operatorLabel: 'op', journal: undefined, freeze: false };

interface Record {
  readonly key: unknown;
  readonly op: 'add' | 'cut' | 'put' | 'remove' | 'clear';
  readonly n: number;
}

const batches = fc.array(
  fc.record({
    records: fc.array(
      fc.record({
        key: fc.constantFrom<unknown>('a', 'b', 3, [1]),
        op: fc.constantFrom<Record['op']>('add', 'cut', 'put', 'remove', 'clear'),
        n: fc.nat(3),
      }),
      { maxLength: 6 },
    ),
    /** What the writer of the table does after the batch: the versions that it carries over, or tidying. */
    carries: fc.array(fc.nat(12), { maxLength: 4 }),
    tidies: fc.boolean(),
    dies: fc.boolean(),
  }),
  { maxLength: 12 },
);

function apply(backend: KeyedStateBackend, { key, op, n }: Record): void {
  backend.setCurrentKey(key);
  const list = backend.store.getListState(LIST);
  const map = backend.store.getMapState(MAP);
  if (op === 'add') list.addAll(Array.from({ length: 60 * n }, (_, i) => i));
  else if (op === 'cut') list.update(list.get().slice(0, 70 * n));
  else if (op === 'put') map.put(n, n);
  else if (op === 'remove') map.remove(n);
  else for (const state of [list, map]) state.clear();
}

function seen(backend: KeyedStateBackend): unknown {
  const { store } = backend;
  const entries = [...store.getMapState(MAP).entries()].sort(([a], [b]) => a - b);
  return [[...store.getListState(LIST).get()], entries];
}

describe('RemoteKeyRows', () => {
  it('gives the state of the log, however late and in whatever order versions reach the table', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (program) => {
        const table = new MemoryKeyedTable();
        const heap = new HeapKeyedStateBackend({ ...OPTIONS, trackChanges: false });
        const limits = { keysMax: 1, bytesMax: 1e9 };
        const open = () => {
          const rows = new RemoteKeyRows({ table, scope: SCOPE, limits, full: () => {} });
          return { rows, backend: new TableKeyedStateBackend(OPTIONS, rows) };
        };
        const log: {
          states: ReturnType<KeyedStateBackend['collectState']>;
          rows: readonly VersionedRow[];
        }[] = [];
        const carried = new Set<number>();
        let frontier = 0;
        let { rows, backend } = open();
        for (const { records, carries, tidies, dies } of program) {
          await rows.load(backend.missingKeys(records.map(({ key }) => key)));
          for (const record of records) {
            apply(heap, record);
            apply(backend, record);
            expect(seen(backend)).toEqual(seen(heap));
          }
          const states = structuredClone(backend.collectState('changes'));
          log.push({ states, rows: rows.changed(states, log.length + 1) });
          for (const index of carries) {
            await table.write(SCOPE, log[index]?.rows ?? []);
            if (index < log.length) carried.add(index);
          }
          while (carried.has(frontier)) frontier++;
          rows.settled(frontier);
          if (tidies) {
            for (const key of ['a', 'b', 3, [1]]) {
              const [all = []] = await table.load(SCOPE, [encodeKey(key)]);
              // Versions may be carried twice here: nothing is settled before all are in the table.
              await table.remove(SCOPE, retiredRows(all, 0));
            }
          }
          if (dies) {
            ({ rows, backend } = open());
            for (let i = frontier; i < log.length; i++) rows.changed(log[i]?.states ?? [], i + 1);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('loads every key once, and says which key was forgotten', async () => {
    const table = new MemoryKeyedTable();
    const rows = new RemoteKeyRows({
      ...{ table, scope: SCOPE, full: () => {} },
      limits: { keysMax: 10, bytesMax: 1e9 },
    });
    await rows.load([...Array.from({ length: 250 }, (_, i) => i), 0, 0]);
    expect(rows.readKey(249)).toEqual([]);
    expect(() => rows.readKey(249)).toThrow('needed the key 249, which was not loaded');
  });
});
