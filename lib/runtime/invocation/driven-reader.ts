import type {
  AnySourceRuntime,
  InputStatus,
  PushedReader,
  PushedRecord,
  ReaderOutput,
  SourceReader,
  SourceReaderContext,
  SourceSplit,
} from '../../core/connector.ts';
import { UserError } from '../../core/errors.ts';

/**
 * Reader of a source whose records are delivered: it never waits, and says when it has nothing left.
 */
export class DrivenReader implements SourceReader<unknown, SourceSplit> {
  readonly #inner: PushedReader<unknown, SourceSplit>;
  readonly #known = new Set<string>();
  readonly #ended = new Set<string>();
  readonly #bounded: boolean;
  #drained = false;
  #noMore = false;

  /** A shard may follow at any time unless the source is `bounded`. */
  constructor(inner: PushedReader<unknown, SourceSplit>, bounded: boolean) {
    this.#inner = inner;
    this.#bounded = bounded;
  }

  /** True if `shardId` is one of its shards, ended or not. */
  knows(shardId: string): boolean {
    return this.#known.has(shardId);
  }

  /** True if the last poll left nothing to read. */
  get drained(): boolean {
    return this.#drained;
  }

  start(): Promise<void> {
    return this.#inner.start();
  }

  pollNext(output: ReaderOutput<unknown>, maxRecords: number): InputStatus {
    const status = this.#inner.pollNext(output, maxRecords);
    this.#drained = status !== 'more-available';
    if (!this.#bounded && !this.#noMore && this.#known.size === this.#ended.size) output.markIdle();
    return status === 'nothing-available' ? 'more-available' : status;
  }

  isAvailable(): Promise<void> {
    return Promise.resolve();
  }

  addSplits(splits: readonly SourceSplit[]): void {
    const added = splits.filter(({ splitId }) => !this.#known.has(splitId));
    for (const { splitId } of added) this.#known.add(splitId);
    if (added.length > 0) this.#inner.addSplits(added);
  }

  offer(shardId: string, records: readonly PushedRecord[]): void {
    this.#inner.offer(shardId, records);
  }

  endShard(shardId: string): void {
    this.#known.add(shardId);
    this.#ended.add(shardId);
    this.#inner.endShard(shardId);
  }

  /** Nothing follows in any shard, and no shard follows. */
  endInput(): void {
    for (const shardId of this.#known) if (!this.#ended.has(shardId)) this.endShard(shardId);
    this.notifyNoMoreSplits();
  }

  notifyNoMoreSplits(): void {
    this.#noMore = true;
    this.#inner.notifyNoMoreSplits();
  }

  snapshotState(): readonly SourceSplit[] {
    return this.#inner.snapshotState();
  }

  currentPosition(): string {
    return this.#inner.currentPosition();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

/** The source with readers that are driven; `onReader` takes each. Throws UserError SOURCE_INVALID. */
export function drivenRuntime(
  runtime: AnySourceRuntime<unknown>,
  { name, bounded }: { readonly name: string; readonly bounded: boolean },
  onReader: (reader: DrivenReader) => void,
): AnySourceRuntime<unknown> {
  const { createPushedReader } = runtime;
  if (createPushedReader === undefined) {
    throw new UserError(
      'SOURCE_INVALID',
      `Source '${name}' reads by itself; where records are delivered, use a source of a stream.`,
    );
  }
  return {
    createEnumerator: (context, checkpoint) => runtime.createEnumerator(context, checkpoint),
    createReader: (context: SourceReaderContext) => {
      const reader = new DrivenReader(createPushedReader.call(runtime, context), bounded);
      onReader(reader);
      return reader;
    },
  };
}
