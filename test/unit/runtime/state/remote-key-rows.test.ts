import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryKeyedTable } from '../../../../lib/adapters/memory/memory-keyed-table.ts';
import { rowChangesOf } from '../../../../lib/core/codec/keyed-rows.ts';
import type { VersionedRow } from '../../../../lib/core/log/keyed-row.ts';
import { ListStateDescriptor, MapStateDescriptor } from '../../../../lib/core/state.ts';
import { endsOthers, placedRows, versionedRows } from '../../../../lib/protocol/materialised-row.ts';
import { HeapKeyedStateBackend } from '../../../../lib/runtime/state/heap-keyed-state-backend.ts';
import type { KeyedStateBackend } from '../../../../lib/runtime/state/keyed-state-backend.ts';
import { RemoteKeyRows } from '../../../../lib/runtime/state/remote-key-rows.ts';
import { TableKeyedStateBackend } from '../../../../lib/runtime/state/table-keyed-state-backend.ts';

const SCOPE = { run: 'r', operator: 'op' };
const LIST = new ListStateDescriptor<number>('list');
const MAP = new MapStateDescriptor<number, number>('map');
const OPTIONS = { operatorLabel: 'op', journal: undefined, freeze: false };
const NOW = { watermark: 0, processingTime: 0 };

interface Change {
  readonly key: unknown;
  readonly op: 'add' | 'cut' | 'put' | 'remove' | 'clear';
  readonly n: number;
}

const batches = fc.array(
  fc.record({
    changes: fc.array(
      fc.record({
        key: fc.constantFrom<unknown>('a', 'b', 3, [1]),
        op: fc.constantFrom<Change['op']>('add', 'cut', 'put', 'remove', 'clear'),
        n: fc.nat(3),
      }),
      { maxLength: 6 },
    ),
    /** Versions whose rows a process that was frozen writes now. */
    late: fc.array(fc.nat(12), { maxLength: 4 }),
    dies: fc.boolean(),
  }),
  { maxLength: 12 },
);

function apply(backend: KeyedStateBackend, { key, op, n }: Change): void {
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

function open(keysMax = 1) {
  const rows = new RemoteKeyRows('op', { keysMax, bytesMax: 1e9 });
  return { rows, backend: new TableKeyedStateBackend(OPTIONS, rows) };
}

async function bring(table: MemoryKeyedTable, rows: RemoteKeyRows, keys: readonly unknown[]): Promise<void> {
  const missing = rows.missing(keys, NOW);
  rows.bring(missing, await table.load(SCOPE, [...missing.values()]));
}

/** The rows of a version, each in a place of its own. */
async function rowsOf(
  table: MemoryKeyedTable,
  states: ReturnType<KeyedStateBackend['collectState']>,
  version: number,
): Promise<readonly VersionedRow[]> {
  const keys = Map.groupBy(versionedRows(rowChangesOf(states), version), ({ key }) => String(key));
  const placed: VersionedRow[] = [];
  for (const ofKey of keys.values()) {
    const [held = []] = await table.load(SCOPE, [ofKey[0]!.key]);
    placed.push(...placedRows(ofKey, held));
  }
  return placed;
}

describe('RemoteKeyRows', () => {
  it('gives the state of the log, also when rows of versions before are written late and again', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (program) => {
        const table = new MemoryKeyedTable();
        const heap = new HeapKeyedStateBackend({ ...OPTIONS, trackChanges: false });
        const written: (readonly VersionedRow[])[] = [];
        let { rows, backend } = open();
        for (const { changes, late, dies } of program) {
          const keys = changes.map(({ key }) => key);
          await bring(table, rows, keys);
          for (const change of changes) {
            apply(heap, change);
            apply(backend, change);
            expect(seen(backend)).toEqual(seen(heap));
          }
          rows.forget();
          const placed = await rowsOf(table, backend.collectState('changes'), written.length + 1);
          expect(placed.some(endsOthers)).toBe(false);
          written.push(placed);
          await table.write(SCOPE, placed);
          for (const index of late) await table.write(SCOPE, written[index] ?? []);
          if (dies) ({ rows, backend } = open());
        }
      }),
      { numRuns: 150 },
    );
  });

  it('asks for every key once, also for those of timers that are due', () => {
    const { rows, backend } = open(10);
    rows.attachTimers({ dueKeys: ({ watermark }) => (watermark >= 5 ? ['timer', 'a'] : []) });
    expect([...rows.missing(['a', 'b', 'a'], NOW).keys()]).toEqual(['a', 'b']);
    const missing = rows.missing(['a'], { ...NOW, watermark: 5 });
    expect([...missing.keys()]).toEqual(['a', 'timer']);
    rows.bring(missing, [[], []]);
    expect([...rows.missing(['a', 'b'], NOW).keys()]).toEqual(['b']);
    backend.setCurrentKey('a');
    rows.forget();
    expect([...rows.missing(['a', 'timer'], NOW).keys()]).toEqual(['timer']);
  });

  it('names a key that was needed and not brought', () => {
    const { backend } = open();
    expect(() => backend.setCurrentKey('x')).toThrow('needed the key x, which was not loaded');
  });
});
