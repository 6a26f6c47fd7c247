/** Splits of a source go where their shards go. Pure. */
import type { OperatorDelta, OperatorStateDelta } from '../core/log/state-delta.ts';

/** Subtask that reads a split; undefined: whoever has its state. */
export type SplitOwner = (splitId: string) => number | undefined;

/**
 * The deltas by subtask, with the state of each split of `operator` at the subtask that reads it: a split
 * that somebody else knows of would never end there.
 */
export function moveSplits(
  bySubtask: readonly (readonly OperatorDelta[])[],
  operator: string,
  ownerOf: SplitOwner,
): readonly (readonly OperatorDelta[])[] {
  const moved = bySubtask.map((): OperatorDelta[] => []);
  const stayed = bySubtask.map((deltas, subtask) =>
    deltas.map((delta): OperatorDelta => {
      if (delta.operator !== operator) return delta;
      const states = delta.states.map((state) => {
        if (state.redistribution !== 'split') return state;
        const kept: OperatorStateDelta = { ...state, changes: [] };
        const changes = state.changes.filter((change) => {
          const owner = change.op === 'put' ? ownerOf(change.part) : undefined;
          const target = owner === undefined || owner === subtask ? undefined : moved[owner];
          target?.push(stateOnly(operator, { ...kept, changes: [change] }));
          return target === undefined;
        });
        return { ...kept, changes };
      });
      return { ...delta, states: states.filter(({ changes }) => changes.length > 0) };
    }),
  );
  return stayed.map((deltas, subtask) => [...deltas, ...(moved[subtask] ?? [])]);
}

function stateOnly(operator: string, state: OperatorStateDelta): OperatorDelta {
  return {
    ...{ operator, keyed: [], timers: [], states: [state] },
    ...{ watermark: undefined, keyGroupWatermarks: undefined },
  };
}
