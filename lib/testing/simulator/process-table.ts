import type { VersionedRow } from '../../core/log/keyed-row.ts';
import type { KeyedTable, TableScope } from '../../ports/keyed-table.ts';
import type { SimulatedProcess } from './process.ts';
import type { TableService } from './table-service.ts';

/**
 * The state table as a process sees it. A request is made in two parts, each with faults of its own: nothing
 * holds a table together but conditions on single rows.
 */
export function tableOf(process: SimulatedProcess, service: TableService): KeyedTable {
  const each = async (what: string, rows: readonly RowName[], act: (row: RowName) => void) => {
    const parts = partsOf(rows).filter((part) => part.length > 0);
    await Promise.all(
      parts.map((part) =>
        process.call({
          what: `${what} ${part.map(showRow).join(' ')}`,
          kind: 'write',
          effect: () => part.forEach(act),
        }),
      ),
    );
  };
  return {
    load: (scope, keys) => load(process, service, { scope, keys: keys.map(copyBytes) }),
    write: (scope, rows) => {
      // What `each` hands on are the rows that it was given.
      const put = (row: RowName): void => service.put(scope, row as VersionedRow);
      return each(`write rows of ${scope.operator}`, rows.map(copyRow), put);
    },
    remove: (scope, rows) =>
      each(`remove rows of ${scope.operator}`, rows.map(copyRow), (row) => service.remove(scope, row)),
    deleteRun: (run) =>
      process.call({ what: `delete rows of ${run}`, kind: 'write', effect: () => service.deleteRun(run) }),
  };
}

type RowName = Omit<VersionedRow, 'value'>;

/** Rows of one key may be of different moments. */
async function load(
  process: SimulatedProcess,
  service: TableService,
  { scope, keys }: { readonly scope: TableScope; readonly keys: readonly Uint8Array[] },
): Promise<readonly (readonly VersionedRow[])[]> {
  if (keys.length === 0) return [];
  const read = (part: 0 | 1) =>
    process.call({
      what: `load rows of ${scope.operator} ${keys.map(showKey).join(' ')}`,
      kind: 'read',
      effect: () => keys.map((key) => (partsOf(service.rowsOf(scope, key))[part] ?? []).map(copyRow)),
    });
  const [front, back] = await Promise.all([read(0), read(1)]);
  return front.map((rows, index) => [...rows, ...(back[index] ?? [])]);
}

/** Always the same for a place. */
function partsOf<T extends RowName>(rows: readonly T[]): readonly (readonly T[])[] {
  const isFront = ({ place }: RowName): boolean => (place.at(-1) ?? 0) % 2 === 0;
  return [rows.filter(isFront), rows.filter((row) => !isFront(row))];
}

function copyRow<T extends RowName & { readonly value?: Uint8Array | undefined }>(row: T): T {
  const { key, place, value } = row;
  return { ...row, key: copyBytes(key), place: copyBytes(place), value: value && copyBytes(value) };
}

function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

function showRow({ key, version }: RowName): string {
  return `${showKey(key)}v${version}`;
}

function showKey(key: Uint8Array): string {
  return Buffer.from(key).toString('hex').slice(0, 12);
}
