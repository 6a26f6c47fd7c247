import type { AnySinkRuntime, SinkWriter } from '../../core/connector.ts';
import { InvariantError } from '../../core/errors.ts';
import type { Counter } from '../../core/functions/rich-function.ts';
import { LIMITS } from '../../core/limits.ts';
import { MIN_TIMESTAMP } from '../../core/time.ts';
import type { Input, Operator, OperatorContext } from '../operator.ts';
import type { OperatorSnapshot } from '../snapshot.ts';

/** Last operator of a chain: hands records to the writer of a sink. */
export class SinkOperator implements Operator, Input {
  readonly inputs: readonly [Input] = [this];
  readonly nodeId: number;
  readonly #runtime: AnySinkRuntime<unknown>;
  readonly #context: OperatorContext;
  readonly #numRecordsOut: Counter;
  #writer: SinkWriter<unknown, unknown> | undefined;
  #watermark = MIN_TIMESTAMP;

  constructor(nodeId: number, runtime: AnySinkRuntime<unknown>, context: OperatorContext) {
    this.nodeId = nodeId;
    this.#runtime = runtime;
    this.#context = context;
    this.#numRecordsOut = context.counter('numRecordsOut');
  }

  async open(): Promise<void> {
    const { jobName, operatorName, operatorUid, subtask, parallelism } = this.#context;
    this.#writer = await this.#runtime.createWriter({
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
    else journal.defer(() => this.#write(value, timestamp));
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
