/** A source whose records are delivered, and a sink that keeps what was committed. */
import { decodeValue, encodeValue } from '../../../../lib/core/codec/value-codec.ts';
import type {
  AnySinkRuntime,
  AnySourceRuntime,
  CommittableId,
  InputStatus,
  PushedReader,
  PushedRecord,
  ReaderOutput,
  Sink,
  SinkWriter,
  Source,
  SourceSplit,
} from '../../../../lib/core/connector.ts';
import { RetryableError } from '../../../../lib/core/errors.ts';

export interface Word {
  readonly word: string;
  readonly at: number;
}

export function wordRecord(word: Word): Uint8Array {
  return encodeValue(word);
}

export class PushedWords implements Source<Word> {
  readonly connector = 'words';
  readonly description = 'words';
  readonly boundedness: Source<Word>['boundedness'];

  constructor(boundedness: Source<Word>['boundedness'] = 'bounded') {
    this.boundedness = boundedness;
  }

  async load(): Promise<AnySourceRuntime<Word>> {
    const refuse = (): never => {
      throw new Error('records of this source are delivered');
    };
    return {
      createEnumerator: refuse,
      createReader: refuse,
      createPushedReader: () => new WordReader(),
    };
  }
}

class WordReader implements PushedReader<Word, SourceSplit> {
  readonly #splits = new Map<string, SourceSplit>();
  #waiting: { readonly shardId: string; readonly record: PushedRecord }[] = [];
  readonly #ended = new Set<string>();
  #noMore = false;
  #position = 'the start';

  async start(): Promise<void> {}
  async close(): Promise<void> {}
  async isAvailable(): Promise<void> {}

  addSplits(splits: readonly SourceSplit[]): void {
    for (const split of splits) this.#splits.set(split.splitId, split);
  }

  notifyNoMoreSplits(): void {
    this.#noMore = true;
  }

  offer(shardId: string, records: readonly PushedRecord[]): void {
    for (const record of records) this.#waiting.push({ shardId, record });
  }

  endShard(shardId: string): void {
    this.#ended.add(shardId);
  }

  pollNext(output: ReaderOutput<Word>, maxRecords: number): InputStatus {
    for (const splitId of this.#splits.keys()) output.forSplit(splitId);
    for (const { shardId, record } of this.#waiting.splice(0, maxRecords)) {
      this.#position = `${shardId}:${record.sequenceNumber}`;
      // What `wordRecord` has written.
      const word = decodeValue(record.bytes) as Word;
      output.forSplit(shardId).collect(word, word.at);
    }
    if (this.#waiting.length > 0) return 'more-available';
    for (const splitId of this.#ended) {
      if (this.#splits.delete(splitId)) output.releaseSplit(splitId);
    }
    return this.#noMore && this.#splits.size === 0 ? 'end-of-input' : 'nothing-available';
  }

  snapshotState(): readonly SourceSplit[] {
    return [...this.#splits.values()];
  }

  currentPosition(): string {
    return this.#position;
  }
}

interface Part {
  readonly id: string;
  readonly rows: readonly string[];
}

/** Rows by the id of the part that brought them. */
export class KeptRows implements Sink<string> {
  readonly connector = 'rows';
  readonly description = 'rows';
  readonly parts = new Map<string, readonly string[]>();
  /** Of every attempt, also of those that fail. */
  readonly ids: CommittableId[] = [];
  /** Attempts that are to fail. */
  failures = 0;
  #writers = 0;

  get rows(): readonly string[] {
    return [...this.parts.values()].flat().sort();
  }

  async load(): Promise<AnySinkRuntime<string>> {
    return {
      createWriter: async () => new RowWriter(`w${this.#writers++}`),
      createCommitter: async () => ({
        commit: async (requests) => {
          this.ids.push(...requests.map(({ id }) => id));
          if (this.failures-- > 0) throw new RetryableError('IO_FAILED', 'The target does not answer.');
          for (const { committable } of requests) {
            // Committables of this sink are made by RowWriter alone.
            const { id, rows } = committable as Part;
            this.parts.set(id, rows);
          }
        },
      }),
    };
  }
}

class RowWriter implements SinkWriter<string, unknown> {
  readonly #name: string;
  #rows: string[] = [];
  #parts = 0;

  constructor(name: string) {
    this.#name = name;
  }

  write(row: string): void {
    this.#rows.push(row);
  }

  pendingBytes(): number {
    return this.#rows.length;
  }

  async flush(): Promise<void> {}

  async prepareCommit(): Promise<readonly Part[]> {
    if (this.#rows.length === 0) return [];
    const part = { id: `${this.#name}:${this.#parts++}`, rows: this.#rows };
    this.#rows = [];
    return [part];
  }

  async close(): Promise<void> {}
}
