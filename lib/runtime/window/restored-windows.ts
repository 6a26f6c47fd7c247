import { UserError } from '../../core/errors.ts';
import type { OperatorContext } from '../operator.ts';
import type { OperatorSnapshot } from '../snapshot.ts';
import { WINDOW_CONTENTS } from './window-contents.ts';

/** Name of the state that holds the accumulators of slices. */
export const WINDOW_SLICES = 'window-slices';

/**
 * Refuses a snapshot that was written by the other window operator: windows and slices cannot be told from
 * each other.
 * Throws UserError STATE_INCOMPATIBLE.
 */
export function refuseStateOf(
  other: 'windows' | 'slices',
  snapshot: OperatorSnapshot,
  { operatorName, operatorUid }: OperatorContext,
): void {
  const name = other === 'slices' ? WINDOW_SLICES : WINDOW_CONTENTS;
  if (!snapshot.keyed.some((state) => state.name === name)) return;
  throw new UserError(
    'STATE_INCOMPATIBLE',
    `The state of operator '${operatorUid ?? operatorName}' holds ${other}, which its present window, ` +
      'trigger, evictor and function cannot read; restore with the former ones or give the operator a new ' +
      'uid.',
    { context: { operatorName } },
  );
}
