import { UserError } from '../../core/errors.ts';
import type { OperatorDelta } from '../../core/log/state-delta.ts';
import type { OperatorContext } from '../operator.ts';
import { WINDOW_CONTENTS } from './window-contents.ts';

/** Name of the state that holds the accumulators of slices. */
export const WINDOW_SLICES = 'window-slices';

/**
 * Refuses state that was written by the other window operator: windows and slices cannot be told from
 * each other.
 * Throws UserError STATE_INCOMPATIBLE.
 */
export function refuseStateOf(
  other: 'windows' | 'slices',
  { keyed }: OperatorDelta,
  { operatorName, operatorUid }: OperatorContext,
): void {
  const name = other === 'slices' ? WINDOW_SLICES : WINDOW_CONTENTS;
  if (!keyed.some((state) => state.name === name)) return;
  throw new UserError(
    'STATE_INCOMPATIBLE',
    `The state of operator '${operatorUid ?? operatorName}' holds ${other}, which its present window, ` +
      'trigger, evictor, function and state backend cannot read; restore with the former ones or give the ' +
      'operator a new uid.',
    { context: { operatorName } },
  );
}
