import { decodeValue } from '../../core/codec/value-codec.ts';
import type {
  AnySourceRuntime,
  InputStatus,
  PushedReader,
  PushedRecord,
  ReaderOutput,
  Source,
  SourceSplit,
} from '../../core/connector.ts';
import { NO_TIMESTAMP } from '../../core/time.ts';

/** Source of the values in external shards. */
export class ShardSource<T> implements Source<T> {
  readonly connector = 'simulated-shards';
  readonly description = 'simulated shards';
  readonly boundedness = 'bounded';

  async load(): Promise<AnySourceRuntime<T>> {
    return {
      createEnumerator: refuse,
      createReader: refuse,
      createPushedReader: () => new ShardReader<T>(),
    };
  }
}

function refuse(): never {
  throw new Error('Records of simulated shards are delivered; nothing reads them.');
}

class ShardReader<T> implements PushedReader<T, SourceSplit> {
  readonly #offered = new Map<string, PushedRecord[]>();
  readonly #ended = new Set<string>();
  #noMore = false;
  #position = 'before the first record';

  async start(): Promise<void> {}

  pollNext(output: ReaderOutput<T>): InputStatus {
    for (const [shard, records] of this.#offered) {
      const split = output.forSplit(shard);
      for (const { bytes, sequenceNumber } of records.splice(0)) {
        this.#position = `${shard} ${sequenceNumber}`;
        // Shards hold what the job of this source has put into them.
        split.collect(decodeValue(bytes) as T, NO_TIMESTAMP);
      }
      if (!this.#ended.has(shard)) continue;
      this.#offered.delete(shard);
      output.releaseSplit(shard);
    }
    return this.#noMore && this.#offered.size === 0 ? 'end-of-input' : 'nothing-available';
  }

  async isAvailable(): Promise<void> {}

  addSplits(splits: readonly SourceSplit[]): void {
    for (const { splitId } of splits) if (!this.#offered.has(splitId)) this.#offered.set(splitId, []);
  }

  notifyNoMoreSplits(): void {
    this.#noMore = true;
  }

  offer(shardId: string, records: readonly PushedRecord[]): void {
    this.addSplits([{ splitId: shardId }]);
    this.#offered.get(shardId)?.push(...records);
  }

  endShard(shardId: string): void {
    this.#ended.add(shardId);
  }

  snapshotState(): readonly SourceSplit[] {
    return [...this.#offered.keys()].map((splitId) => ({ splitId }));
  }

  currentPosition(): string {
    return this.#position;
  }

  async close(): Promise<void> {}
}
