import type { AnySinkRuntime, SinkWriter } from '../../core/connector.ts';
import { InvariantError, RecordError } from '../../core/errors.ts';
import type { Counter } from '../../core/functions/rich-function.ts';
import { LIMITS } from '../../core/limits.ts';
import { MIN_TIMESTAMP } from '../../core/time.ts';
import type { DeadLetterOutput } from '../../ports/dead-letters.ts';
import type { Input, Operator, OperatorContext } from '../operator.ts';
import type { OperatorSnapshot } from '../snapshot.ts';
import { deadLetterOf } from './failure.ts';

/** What a sink operator gets beside its context. */
export interface SinkOperatorOptions {
  readonly nodeId: number;
  readonly runtime: AnySinkRuntime<unknown>;
  readonly deadLetters: DeadLetterOutput;
  /** Where the record being processed stands, in words. */
  readonly currentPosition: () => string;
}

/** Last operator of a chain: hands records to the writer of a sink. */
export class SinkOperator implements Operator, Input {
  readonly inputs: readonly [Input] = [this];
  readonly nodeId: number;
  readonly #options: SinkOperatorOptions;
  readonly #context: OperatorContext;
  readonly #numRecordsOut: Counter;
  #writer: SinkWriter<unknown, unknown> | undefined;
  #watermark = MIN_TIMESTAMP;

  constructor(context: OperatorContext, options: SinkOperatorOptions) {
    this.nodeId = options.nodeId;
    this.#options = options;
    this.#context = context;
    this.#numRecordsOut = context.counter('numRecordsOut');
  }

  async open(): Promise<void> {
    this.#context.cursor.operator = this.#context;
    const { jobName, operatorName, operatorUid, subtask, parallelism } = this.#context;
    this.#writer = await this.#options.runtime.createWriter({
      jobName,
      operatorUid: operatorUid ?? operatorName,
      subtask,
      parallelism,
    });
  }

  processElement(value: unknown, timestamp: number): void {
    const { journal, cursor } = this.#context;
    cursor.operator = this.#context;
    if (journal === undefined) this.#write(value, timestamp);
    else journal.defer(() => this.#writeDeferred(value, timestamp));
  }

  /** The record has succeeded by now: what the writer refuses is a dead letter of this sink alone. */
  #writeDeferred(value: unknown, timestamp: number): void {
    this.#context.cursor.operator = this.#context;
    try {
      this.#write(value, timestamp);
    } catch (error) {
      if (this.#context.onError === 'fail' || !(error instanceof RecordError)) throw error;
      const record = { value, timestamp, position: this.#options.currentPosition() };
      this.#options.deadLetters.write(deadLetterOf(error, record, this.#context));
      this.#context.counter('numRecordsInErrors').inc();
    }
  }

  #write(value: unknown, timestamp: number): void {
    this.#openWriter().write(value, timestamp);
    this.#numRecordsOut.inc();
  }

  processWatermark(watermark: number): void {
    this.#watermark = watermark;
  }

  processWatermarkStatus(): void {}

  /** True when the writer holds enough to be flushed before it takes more. */
  needsFlush(): boolean {
    return this.pendingBytes() >= LIMITS.fileWriteBytes;
  }

  pendingBytes(): number {
    return this.#openWriter().pendingBytes();
  }

  flush(endOfInput: boolean): Promise<void> {
    return this.#openWriter().flush(endOfInput);
  }

  prepareCommit(endOfInput: boolean): Promise<readonly unknown[]> {
    return this.#openWriter().prepareCommit(endOfInput);
  }

  async close(): Promise<void> {
    await this.#writer?.close();
  }

  snapshot(): OperatorSnapshot {
    return {
      uid: this.#context.operatorUid,
      keyed: [],
      eventTimers: [],
      processingTimers: [],
      watermark: this.#watermark,
      operatorState: {},
    };
  }

  #openWriter(): SinkWriter<unknown, unknown> {
    if (this.#writer === undefined) {
      throw new InvariantError(
        'INVARIANT',
        `Sink '${this.#context.operatorName}' was used before it was opened.`,
      );
    }
    return this.#writer;
  }
}
