import { describe, expect, it } from 'vitest';
import { moveSplits } from '../../../lib/coordinator/split-owners.ts';
import type { OperatorDelta } from '../../../lib/core/log/state-delta.ts';

function deltaOf(operator: string, splits: readonly string[]): OperatorDelta {
  const changes = splits.map((part) => ({ op: 'put', part, value: { splitId: part } }) as const);
  const states = [{ name: 'splits', redistribution: 'split', changes } as const];
  return { operator, keyed: [], timers: [], states, watermark: undefined, keyGroupWatermarks: undefined };
}

const splitsOf = (deltas: readonly OperatorDelta[], operator: string) =>
  deltas
    .filter((delta) => delta.operator === operator)
    .flatMap(({ states }) => states)
    .flatMap(({ changes }) => changes)
    .flatMap((change) => (change.op === 'put' ? [change.part] : []));

describe('moveSplits', () => {
  const before = [[deltaOf('source', ['a', 'b', 'x'])], [deltaOf('source', ['c']), deltaOf('other', ['b'])]];
  const after = moveSplits(before, 'source', (split) => ({ a: 0, b: 1, c: 0 })[split]);

  it('takes each split of the source to the subtask that reads it, once', () => {
    expect(after.map((deltas) => splitsOf(deltas, 'source'))).toEqual([['a', 'x', 'c'], ['b']]);
  });

  it('leaves other operators alone', () => {
    expect(after.map((deltas) => splitsOf(deltas, 'other'))).toEqual([[], ['b']]);
  });
});
