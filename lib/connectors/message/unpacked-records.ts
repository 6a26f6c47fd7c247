import type {
  AnySourceRuntime,
  InputStatus,
  PushedReader,
  PushedRecord,
  ReaderOutput,
  SourceSplit,
} from '../../core/connector.ts';

/** What a delivered record holds, in order. */
export type Unpack = (record: PushedRecord) => readonly PushedRecord[];

/** A source of which every delivered record is unpacked before `runtime` decodes what is in it. */
export function unpackedRuntime<T>(runtime: AnySourceRuntime<T>, unpack: Unpack): AnySourceRuntime<T> {
  const { createPushedReader } = runtime;
  return {
    createEnumerator: (context, checkpoint) => runtime.createEnumerator(context, checkpoint),
    createReader: (context) => runtime.createReader(context),
    ...(createPushedReader && {
      createPushedReader: (context) => new UnpackingReader(createPushedReader.call(runtime, context), unpack),
    }),
  };
}

class UnpackingReader<T> implements PushedReader<T, SourceSplit> {
  readonly #decoder: PushedReader<T, SourceSplit>;
  readonly #unpack: Unpack;

  constructor(decoder: PushedReader<T, SourceSplit>, unpack: Unpack) {
    this.#decoder = decoder;
    this.#unpack = unpack;
  }

  offer(shardId: string, records: readonly PushedRecord[]): void {
    this.#decoder.offer(shardId, records.flatMap(this.#unpack));
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
