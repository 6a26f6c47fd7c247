/** Slices as keyed state: one entry for each key and slice, with the slice as namespace. */
import { UserError } from '../../core/errors.ts';
import { canonicalKey } from '../../core/key.ts';
import { assertStateValue, cloneStateValue } from '../../core/state-value.ts';
import type { OperatorContext } from '../operator.ts';
import type { KeyedEntry, KeyedStateSnapshot, OperatorSnapshot } from '../snapshot.ts';
import { refuseStateOf, WINDOW_SLICES } from './restored-windows.ts';
import type { Slice } from './slice.ts';
import type { SliceSet } from './slice-set.ts';

/** The panes of all slices; undefined if there are none. Throws UserError STATE_VALUE_INVALID. */
export function snapshotSlices(
  slices: readonly Slice[],
  kind: KeyedStateSnapshot['kind'],
  where: () => string,
): KeyedStateSnapshot | undefined {
  const entries: KeyedEntry[] = [];
  for (const { start, end, panes } of slices) {
    for (const { key, accumulator } of panes.values()) {
      assertStateValue(accumulator, where, 'accumulator');
      entries.push({
        key: cloneStateValue(key),
        namespace: [start, end],
        value: cloneStateValue(accumulator),
      });
    }
  }
  return entries.length === 0 ? undefined : { name: WINDOW_SLICES, kind, entries };
}

/**
 * Fills `slices` and returns the states that are not of slices.
 *
 * Throws UserError STATE_INCOMPATIBLE if the state is of other windows.
 */
export function restoreSlices(
  snapshot: OperatorSnapshot,
  slices: SliceSet,
  context: OperatorContext,
): readonly KeyedStateSnapshot[] {
  refuseStateOf('windows', snapshot, context);
  for (const { name, entries } of snapshot.keyed) {
    if (name !== WINDOW_SLICES) continue;
    for (const { key, namespace, value } of entries) {
      const start = Array.isArray(namespace) ? Number(namespace[0]) : Number.NaN;
      const slice = slices.get(start) ?? newSlice(slices, start);
      if (slice === undefined || slice.end !== namespace?.[1]) throw otherWindows(namespace, context);
      slice.panes.set(canonicalKey(key), { key: cloneStateValue(key), accumulator: cloneStateValue(value) });
    }
  }
  return snapshot.keyed.filter(({ name }) => name !== WINDOW_SLICES);
}

function newSlice(slices: SliceSet, start: number): Slice | undefined {
  if (slices.geometry.sliceAt(start) !== start) return undefined;
  const slice = slices.create(start);
  if (slice !== undefined) slices.add(slice);
  return slice;
}

function otherWindows(namespace: unknown, { operatorName, operatorUid }: OperatorContext): UserError {
  return new UserError(
    'STATE_INCOMPATIBLE',
    `The state of operator '${operatorUid ?? operatorName}' holds the slice ` +
      `${JSON.stringify(namespace)}, which is none of its present windows; restore with the former size, ` +
      'slide and offset or give the operator a new uid.',
    { context: { operatorName } },
  );
}
