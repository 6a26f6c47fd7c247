import { describe, expect, it } from 'vitest';
import { ShardLineage } from '../../functions/shard-lineage.ts';
import type { ListedShard } from '../../lib/core/listed-shard.ts';

const shard = (id: string, ...parents: string[]): ListedShard => ({ id, parents });

/** Names end with the number of the subtask that reads them. */
function lineageOf(...listings: (readonly ListedShard[])[]): ShardLineage & { readonly asked: () => number } {
  let asked = 0;
  const list = async () => listings[Math.min(asked++, listings.length - 1)] ?? [];
  return Object.assign(new ShardLineage(list, (id) => Number(id.at(-1))), { asked: () => asked });
}

describe('the lineage of the shards of a stream', () => {
  it('begins with shards that nothing came before, or nothing that is still known', async () => {
    const lineage = lineageOf([shard('a0'), shard('b1', 'a0'), shard('c0', 'forgotten0')]);
    expect(await lineage.roots()).toEqual(['a0', 'c0']);
  });

  it('opens both parts of a split, of all subtasks, before it ends what was split', async () => {
    const lineage = lineageOf([shard('a0')], [shard('a0'), shard('b0', 'a0'), shard('c1', 'a0')]);
    await lineage.roots();
    expect(await lineage.changesBefore('c1')).toEqual([
      { subtask: 1, opened: ['c1'], ended: [] },
      { subtask: 0, opened: ['b0'], ended: ['a0'] },
    ]);
  });

  it('ends both sides of a merge', async () => {
    const lineage = lineageOf([shard('a0'), shard('b1'), shard('c0', 'a0', 'b1')]);
    await lineage.roots();
    expect(await lineage.changesBefore('c0')).toEqual([
      { subtask: 0, opened: ['c0'], ended: ['a0'] },
      { subtask: 1, opened: [], ended: ['b1'] },
    ]);
  });

  it('ends ancestors that never delivered anything, and opens what became of each', async () => {
    const listing = [shard('a0'), shard('b0', 'a0'), shard('c0', 'a0'), shard('d0', 'b0'), shard('e0', 'b0')];
    const lineage = lineageOf(listing);
    await lineage.roots();
    const [change] = await lineage.changesBefore('d0');
    expect(change?.opened.toSorted()).toEqual(['c0', 'd0', 'e0']);
    expect(change?.ended.toSorted()).toEqual(['a0', 'b0']);
  });

  it('asks the stream once for shards that it knows, and nothing for one that is settled', async () => {
    const lineage = lineageOf([shard('a0'), shard('b1')]);
    await lineage.roots();
    expect(await lineage.changesBefore('a0')).toEqual([{ subtask: 0, opened: ['a0'], ended: [] }]);
    lineage.settle('a0');
    expect(await lineage.changesBefore('a0')).toEqual([]);
    expect(lineage.asked()).toBe(1);
  });
});
