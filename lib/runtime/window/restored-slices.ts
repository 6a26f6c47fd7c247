import { UserError } from '../../core/errors.ts';
import { canonicalKey } from '../../core/key.ts';
import type { KeyedChange, KeyedStateDelta, OperatorDelta } from '../../core/log/state-delta.ts';
import type { OperatorContext } from '../operator.ts';
import { refuseStateOf, WINDOW_SLICES } from './restored-windows.ts';
import type { Slice } from './slice.ts';
import type { SliceSet } from './slice-set.ts';

/**
 * Takes the changes of slices in and returns those of states that are not of slices.
 *
 * Throws UserError STATE_INCOMPATIBLE if the state is of other windows.
 */
export function applySlices(
  delta: OperatorDelta,
  slices: SliceSet,
  context: OperatorContext,
): readonly KeyedStateDelta[] {
  refuseStateOf('windows', delta, context);
  for (const { name, changes } of delta.keyed) {
    if (name !== WINDOW_SLICES) continue;
    for (const change of changes) applyChange(change, slices, context);
  }
  return delta.keyed.filter(({ name }) => name !== WINDOW_SLICES);
}

function applyChange(change: KeyedChange, slices: SliceSet, context: OperatorContext): void {
  const { key, namespace } = change;
  const start = Array.isArray(namespace) ? Number(namespace[0]) : Number.NaN;
  const known = slices.get(start);
  if (change.op === 'put') {
    const slice = known ?? newSlice(slices, start);
    if (slice === undefined || slice.end !== namespace?.[1]) throw otherWindows(namespace, context);
    const mark = context.trackChanges ? 'clean' : 'new';
    slice.panes.set(canonicalKey(key), { key, accumulator: change.value, mark });
  } else if (known?.panes.delete(canonicalKey(key)) && known.panes.size === 0) slices.remove(known);
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
