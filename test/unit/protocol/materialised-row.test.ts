import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryKeyedTable } from '../../../lib/adapters/memory/memory-keyed-table.ts';
import { changeOfRow, rowChangesOf } from '../../../lib/core/codec/keyed-rows.ts';
import { encodeKey } from '../../../lib/core/key.ts';
import type { VersionedRow } from '../../../lib/core/log/keyed-row.ts';
import type { KeyedChange, KeyedStateDelta, Namespace } from '../../../lib/core/log/state-delta.ts';
import type { StateKind } from '../../../lib/core/state.ts';
import { liveRows, newestRows, retiredRows, versionedRows } from '../../../lib/protocol/materialised-row.ts';
import { OperatorImage } from '../../../lib/protocol/operator-image.ts';

const KEY = 'k';
const SCOPE = { run: 'r', operator: 'op' };
const NO_DELTA = {
  operator: 'op',
  timers: [],
  states: [],
  watermark: undefined,
  keyGroupWatermarks: undefined,
};

/** Words and numbers of which a version is made. */
interface Write {
  readonly kind: StateKind;
  readonly namespace: Namespace;
  readonly op: 'put' | 'remove' | 'clear';
  readonly n: number;
}

const write: fc.Arbitrary<Write> = fc.record({
  kind: fc.constantFrom<StateKind>('value', 'list', 'map'),
  namespace: fc.constantFrom<Namespace>(undefined, 'global', [0, 10]),
  op: fc.constantFrom('put', 'put', 'remove', 'clear'),
  n: fc.nat(3),
});

/** Versions 1, 2 … as states write them: lists without gaps, a clear before what is put. */
function versionsOf(writes: readonly (readonly Write[])[]): readonly (readonly KeyedStateDelta[])[] {
  const lengths = new Map<string, number>();
  return writes.map((ofVersion, version) => ofVersion.map((one) => deltaOf(one, { version, lengths })));
}

function deltaOf(
  { kind, namespace, op, n }: Write,
  { version, lengths }: { readonly version: number; readonly lengths: Map<string, number> },
): KeyedStateDelta {
  const place = { key: KEY, namespace };
  const clear: KeyedChange = { op: 'clear', ...place };
  const put = (part: unknown): KeyedChange => ({ op: 'put', ...place, part, value: `v${version}` });
  if (kind === 'value') return { name: kind, kind, changes: op === 'put' ? [put(undefined)] : [clear] };
  if (kind === 'map') {
    if (op === 'put') return { name: kind, kind, changes: [clear, put(n), put([n])].slice(n % 2) };
    if (op === 'clear') return { name: kind, kind, changes: [clear] };
    return { name: kind, kind, changes: [{ op: 'remove', ...place, part: n }] };
  }
  const name = JSON.stringify(namespace) ?? 'none';
  const length = lengths.get(name) ?? 0;
  const part = Math.min(n, length);
  if (op === 'put') {
    lengths.set(name, Math.max(length, part + 1));
    return { name: kind, kind, changes: [put(part)] };
  }
  lengths.set(name, op === 'clear' ? 0 : part);
  return { name: kind, kind, changes: op === 'clear' ? [clear] : [{ op: 'remove', ...place, part }] };
}

/** What the log says in the end. */
function folded(versions: readonly (readonly KeyedStateDelta[])[]): readonly string[] {
  const image = new OperatorImage('op');
  for (const keyed of versions) image.apply({ ...NO_DELTA, keyed });
  return (image.delta()?.keyed ?? []).flatMap(({ name, changes }) => changes.map(textOf(name))).sort();
}

/** What rows say. */
function shown(rows: readonly VersionedRow[]): readonly string[] {
  return liveRows(rows)
    .map((row) => {
      const { name, change } = changeOfRow(KEY, row);
      return textOf(name)(change);
    })
    .sort();
}

const textOf = (name: string) => (change: KeyedChange) => JSON.stringify([name, change]);

async function tableWith(deliveries: readonly (readonly VersionedRow[])[]) {
  const table = new MemoryKeyedTable();
  for (const rows of deliveries) await table.write(SCOPE, rows);
  const load = async () => (await table.load(SCOPE, [encodeKey(KEY)]))[0] ?? [];
  return { table, load };
}

describe('materialised rows', () => {
  const logs = fc.array(fc.array(write, { maxLength: 4 }), { maxLength: 8 }).map(versionsOf);

  it('say what the log says, in whatever order and however often versions are carried over', async () => {
    const deliveries = logs.chain((versions) =>
      fc.record({
        versions: fc.constant(versions),
        order: fc.shuffledSubarray(
          versions.flatMap((_, i) => [i, i]),
          { minLength: versions.length * 2 },
        ),
      }),
    );
    await fc.assert(
      fc.asyncProperty(deliveries, async ({ versions, order }) => {
        const rows = versions.map((keyed, i) => versionedRows(rowChangesOf(keyed), i + 1));
        const { load } = await tableWith(order.map((i) => rows[i] ?? []));
        expect(shown(await load())).toEqual(folded(versions));
      }),
      { numRuns: 300 },
    );
  });

  it('say what the log says when its tail is laid over what is in the table', async () => {
    await fc.assert(
      fc.asyncProperty(logs, fc.nat(8), fc.nat(8), async (versions, frontier, ahead) => {
        const rows = versions.map((keyed, i) => versionedRows(rowChangesOf(keyed), i + 1));
        // Rows beyond the frontier may be there already.
        const { load } = await tableWith([...rows.slice(0, frontier), ...rows.slice(frontier + ahead)]);
        const all = newestRows([...(await load()), ...rows.slice(frontier).flat()]);
        expect(shown(all)).toEqual(folded(versions));
      }),
    );
  });

  it('F9: a deleted place never comes back, whatever is tidied up and carried over late', async () => {
    await fc.assert(
      fc.asyncProperty(logs, fc.nat(8), fc.infiniteStream(fc.nat(7)), async (versions, settled, random) => {
        const rows = versions.map((keyed, i) => versionedRows(rowChangesOf(keyed), i + 1));
        const { table, load } = await tableWith(rows);
        for (let round = 0; round < 6; round++) {
          await table.remove(SCOPE, retiredRows(await load(), settled));
          // Writers at work carry nothing that is as old as what is settled.
          const late = rows[random.next().value];
          if (late !== undefined) {
            await table.write(
              SCOPE,
              late.filter(({ version }) => version > settled),
            );
          }
          expect(shown(await load())).toEqual(folded(versions));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('leave no tombstone behind once everything is settled', async () => {
    await fc.assert(
      fc.asyncProperty(logs, async (versions) => {
        const rows = versions.map((keyed, i) => versionedRows(rowChangesOf(keyed), i + 1));
        const { table, load } = await tableWith(rows);
        for (let round = 0; round < versions.length + 2; round++) {
          await table.remove(SCOPE, retiredRows(await load(), versions.length));
        }
        const left = await load();
        expect(left.every(({ value }) => value !== undefined)).toBe(true);
        expect(shown(left)).toEqual(folded(versions));
      }),
    );
  });

  it('a chunk that comes again does not bring back those behind it', () => {
    const change = (changes: readonly KeyedChange[]) =>
      rowChangesOf([{ name: 'list', kind: 'list', changes }]);
    const place = { key: KEY, namespace: undefined };
    const put = (part: number): KeyedChange => ({ op: 'put', ...place, part, value: [part] });
    const rows = newestRows([
      ...versionedRows(change([put(0), put(1), put(2)]), 1),
      ...versionedRows(change([{ op: 'remove', ...place, part: 1 }]), 2),
      ...versionedRows(change([put(1)]), 3),
    ]);
    expect(liveRows(rows).map((row) => changeOfRow(KEY, row).part)).toEqual([0, 1]);
  });
});
