import { describe, expect, it } from 'vitest';
import { keyGroupOf } from '../../../../lib/core/key.ts';
import { operatorIndexForKeyGroup } from '../../../../lib/core/key-groups.ts';
import type { ResolvedPartitioner } from '../../../../lib/graph/partitioner.ts';
import { ALL_CHANNELS, createChannelSelector } from '../../../../lib/runtime/task/channel-selector.ts';

function selector(partitioner: ResolvedPartitioner, { channels = 3, subtask = 0, random = 0.5 } = {}) {
  return createChannelSelector({
    partitioner,
    channels,
    subtask,
    maxParallelism: 128,
    operatorName: 'Count',
    random: { next: () => random },
  });
}

describe('a channel selector', () => {
  it('routes by the key group of the key', () => {
    const select = selector({ kind: 'hash', keySelector: (value) => value });
    for (const key of ['a', 'b', 'key1', 42, 7n, ['x', 1]]) {
      expect(select(key)).toBe(operatorIndexForKeyGroup(128, 3, keyGroupOf(key, 128)));
    }
  });

  it.each(['rebalance', 'rescale'] as const)(
    '%s goes round from a start that depends on the subtask',
    (kind) => {
      const select = selector({ kind }, { subtask: 1 });
      expect([0, 0, 0, 0].map(select)).toEqual([1, 2, 0, 1]);
    },
  );

  it('shuffles by the random source', () => {
    expect(selector({ kind: 'shuffle' }, { random: 0.99 })('x')).toBe(2);
  });

  it('sends to the first, to the only one or to all as the partitioner says', () => {
    expect(selector({ kind: 'global' })('x')).toBe(0);
    expect(selector({ kind: 'forward' }, { channels: 1 })('x')).toBe(0);
    expect(selector({ kind: 'broadcast' })('x')).toBe(ALL_CHANNELS);
  });

  it('asks a custom partitioner with the key, and refuses an answer that is no channel', () => {
    const custom = (answer: number) =>
      selector({
        kind: 'custom',
        keySelector: (value) => Number(value),
        partitioner: (key) => Number(key) + answer,
      });
    expect(custom(0)(2)).toBe(2);
    expect(() => custom(1)(2)).toThrow(
      "The partitioner in front of 'Count' returned 3; return a whole number from 0 to 2.",
    );
    expect(() => custom(0.5)(1)).toThrow('returned 1.5');
  });
});
