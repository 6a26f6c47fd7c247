import type {
  AnySourceRuntime,
  InputStatus,
  PushedReader,
  PushedRecord,
  ReaderOutput,
  SourceSplit,
} from '../../core/connector.ts';
import { takeApart } from './kpl-aggregate.ts';

/** The code of a Kinesis source; it decodes as `runtime` does. */
export function createKinesisSourceRuntime<T>(runtime: AnySourceRuntime<T>): AnySourceRuntime<T> {
  const { createPushedReader } = runtime;
  return {
    createEnumerator: (context, checkpoint) => runtime.createEnumerator(context, checkpoint),
    createReader: (context) => runtime.createReader(context),
    ...(createPushedReader && {
      createPushedReader: (context) => new AggregateReader(createPushedReader.call(runtime, context)),
    }),
  };
}

/** Hands the records of aggregates to the reader that decodes them. */
class AggregateReader<T> implements PushedReader<T, SourceSplit> {
  readonly #decoder: PushedReader<T, SourceSplit>;

  constructor(decoder: PushedReader<T, SourceSplit>) {
    this.#decoder = decoder;
  }

  offer(shardId: string, records: readonly PushedRecord[]): void {
    this.#decoder.offer(shardId, records.flatMap(takeApart));
  }

  start(): Promise<void> {
    return this.#decoder.start();
  }

  pollNext(output: ReaderOutput<T>, maxRecords: number): InputStatus {
    return this.#decoder.pollNext(output, maxRecords);
  }

  isAvailable(): Promise<void> {
    return this.#decoder.isAvailable();
  }

  addSplits(splits: readonly SourceSplit[]): void {
    this.#decoder.addSplits(splits);
  }

  notifyNoMoreSplits(): void {
    this.#decoder.notifyNoMoreSplits();
  }

  endShard(shardId: string): void {
    this.#decoder.endShard(shardId);
  }

  snapshotState(): readonly SourceSplit[] {
    return this.#decoder.snapshotState();
  }

  currentPosition(): string {
    return this.#decoder.currentPosition();
  }

  close(): Promise<void> {
    return this.#decoder.close();
  }
}
