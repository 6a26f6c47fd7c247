/**
 * PushedLineReader: the records of a file source where they are delivered by a stream instead of read from
 * files: each delivered record holds lines in the format of the files, without a header.
 */
import type {
  InputStatus,
  PushedReader,
  PushedRecord,
  ReaderOutput,
  SourceSplit,
  SplitOutput,
} from '../../core/connector.ts';
import { messageOf } from '../../core/errors.ts';
import { NO_TIMESTAMP } from '../../core/time.ts';
import { INVALID, type RecordValidator } from './record-validator.ts';
import { rejectedText } from './rejected-text.ts';

/** Makes a value of a line. Throws if it is none. */
export type LineParser = (line: string) => unknown;

export class PushedLineReader<T> implements PushedReader<T, SourceSplit> {
  readonly #parse: LineParser;
  readonly #validator: RecordValidator<T> | undefined;
  readonly #offered = new Map<string, PushedRecord[]>();
  readonly #ended = new Set<string>();
  #noMore = false;
  #position = 'before the first record';

  constructor(parse: LineParser, validator: RecordValidator<T> | undefined) {
    this.#parse = parse;
    this.#validator = validator;
  }

  async start(): Promise<void> {}

  /** Emits everything that was offered: a delivered record is consumed as a whole or not at all. */
  pollNext(output: ReaderOutput<T>): InputStatus {
    for (const [shardId, records] of this.#offered) {
      const split = output.forSplit(shardId);
      for (const record of records.splice(0)) this.#emit(shardId, record, split);
      if (!this.#ended.has(shardId)) continue;
      this.#offered.delete(shardId);
      output.releaseSplit(shardId);
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

  #emit(shardId: string, { bytes, sequenceNumber }: PushedRecord, output: SplitOutput<T>): void {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
    this.#position = `${shardId}:${sequenceNumber}`;
    for (const line of text.split('\n')) {
      if (line.trim() === '') continue;
      let value: unknown;
      try {
        value = this.#parse(line);
      } catch (error) {
        this.#reject(output, line, { code: 'RECORD_UNPARSABLE', reason: messageOf(error) });
        continue;
      }
      this.#collect(output, line, value);
    }
  }

  #collect(output: SplitOutput<T>, line: string, value: unknown): void {
    const validator = this.#validator;
    // Without a schema the type of the records is the user's word.
    const valid = validator === undefined ? (value as T) : validator.check(value);
    if (valid !== INVALID) output.collect(valid, NO_TIMESTAMP);
    else this.#reject(output, line, { code: 'RECORD_INVALID', reason: validator?.reason ?? '' });
  }

  #reject(
    output: SplitOutput<T>,
    line: string,
    { code, reason }: { readonly code: string; readonly reason: string },
  ): void {
    output.reject({ code, reason, position: this.#position, raw: rejectedText(line) });
  }
}
