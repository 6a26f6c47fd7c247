import type { OperatorStateDelta } from '../../core/log/state-delta.ts';

/** What the parts of the state `name` hold after all changes. */
export function statePartsOf(states: readonly OperatorStateDelta[], name: string): Map<string, unknown> {
  const parts = new Map<string, unknown>();
  for (const state of states) {
    if (state.name !== name) continue;
    for (const change of state.changes) {
      if (change.op === 'clear') parts.clear();
      else if (change.op === 'remove') parts.delete(change.part);
      else parts.set(change.part, change.value);
    }
  }
  return parts;
}
