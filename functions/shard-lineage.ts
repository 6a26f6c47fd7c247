/**
 * ShardLineage: the shards of one external stream, as one environment knows them.
 *
 * 1. A shard delivers only when all that came before it is delivered: a mapping reads the shards that were
 *    split or merged to their ends before it reads what became of them. So the first record of a shard ends
 *    all its ancestors.
 * 2. What became of an ancestor is opened before that one is ended: the watermark waits for all of it.
 * 3. The stream is asked again only when a shard delivers that is not listed: steady state asks nothing.
 */
import type { ListedShard } from '../lib/core/listed-shard.ts';
import type { ShardChange } from '../lib/runtime/invocation/subtask-program.ts';

/** What one subtask has to be told. */
export interface SubtaskShardChange extends ShardChange {
  readonly subtask: number;
}

export class ShardLineage {
  readonly #list: () => Promise<readonly ListedShard[]>;
  readonly #readerOf: (shardId: string) => number;
  /** By id. */
  #shards: ReadonlyMap<string, ListedShard> = new Map();
  readonly #settled = new Set<string>();

  constructor(list: () => Promise<readonly ListedShard[]>, readerOf: (shardId: string) => number) {
    this.#list = list;
    this.#readerOf = readerOf;
  }

  /** The shards that nothing came before, of every subtask. */
  async roots(): Promise<readonly string[]> {
    await this.#ask();
    return [...this.#shards.values()].filter((shard) => this.#parentsOf(shard).length === 0).map(idOf);
  }

  /** What is to be told, in this order, before a record of `shardId` is read; nothing if it is settled. */
  async changesBefore(shardId: string): Promise<readonly SubtaskShardChange[]> {
    if (this.#settled.has(shardId)) return [];
    if (!this.#shards.has(shardId)) await this.#ask();
    const ended = this.#ancestorsOf(shardId);
    const opened = [...this.#shards.values()].filter(
      (shard) => !ended.has(shard.id) && this.#parentsOf(shard).some((parent) => ended.has(parent)),
    );
    const ids = new Set([...opened.map(idOf), shardId]);
    const subtasks = [...new Set([...ids, ...ended].map(this.#readerOf))].sort((a, b) => a - b);
    const changes = subtasks.map((subtask) => ({
      subtask,
      opened: [...ids].filter((id) => this.#readerOf(id) === subtask),
      ended: [...ended].filter((id) => this.#readerOf(id) === subtask),
    }));
    return changes.toSorted((a, b) => Number(a.ended.length > 0) - Number(b.ended.length > 0));
  }

  /** Everybody was told what comes before the records of `shardId`. */
  settle(shardId: string): void {
    this.#settled.add(shardId);
  }

  async #ask(): Promise<void> {
    this.#shards = new Map((await this.#list()).map((shard) => [shard.id, shard]));
  }

  #ancestorsOf(shardId: string): ReadonlySet<string> {
    const ancestors = new Set<string>();
    const pending = [shardId];
    for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
      for (const parent of this.#parentsOf(this.#shards.get(id))) {
        if (ancestors.has(parent)) continue;
        ancestors.add(parent);
        pending.push(parent);
      }
    }
    return ancestors;
  }

  /** Parents that the stream has forgotten hold nothing any more. */
  #parentsOf(shard: ListedShard | undefined): readonly string[] {
    return (shard?.parents ?? []).filter((parent) => this.#shards.has(parent));
  }
}

function idOf({ id }: ListedShard): string {
  return id;
}
