import type { AnySinkRuntime, SinkWriter, StateScope } from '../../core/connector.ts';
import { InvariantError, RecordError } from '../../core/errors.ts';
import type { Counter } from '../../core/functions/rich-function.ts';
import { LIMITS } from '../../core/limits.ts';
import type { OperatorDelta, OperatorStateChange, OperatorStateDelta } from '../../core/log/state-delta.ts';
import type { DeadLetterOutput } from '../../ports/dead-letters.ts';
import type { Input, Operator, OperatorContext } from '../operator.ts';
import { deadLetterOf } from './failure.ts';

/** What a sink operator gets beside its context. */
export interface SinkOperatorOptions {
  readonly nodeId: number;
  readonly runtime: AnySinkRuntime<unknown>;
  readonly deadLetters: DeadLetterOutput;
  /** Where the record being processed stands, in words. */
  readonly currentPosition: () => string;
}

const COMMITTABLES = 'committables';

/**
 * Last operator of a chain: hands records to the writer of a sink, and remembers what the writer wants to
 * have committed until it is.
 *
 * 1  A committable is in the state from the commit that follows `prepareCommit` on, and out of it with the
 *    first commit after `committed`.
 */
export class SinkOperator implements Operator, Input {
  readonly inputs: readonly [Input] = [this];
  readonly nodeId: number;
  readonly #options: SinkOperatorOptions;
  readonly #context: OperatorContext;
  readonly #numRecordsOut: Counter;
  #writer: SinkWriter<unknown, unknown> | undefined;
  /** Committables by id. */
  readonly #pending = new Map<string, unknown>();
  /** Ids of the committables in the state. */
  readonly #stored = new Set<string>();
  #nextId = 0;
  #watermark: number | undefined;
  #restored: readonly OperatorStateDelta[] = [];

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
      durable: this.#context.trackChanges,
    });
    if (this.#restored.length > 0) this.#writer.applyState?.(this.#restored);
    this.#restored = [];
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

  /** What the sink has got everything up to; undefined before the first. Unit: ms since the epoch. */
  get watermark(): number | undefined {
    return this.#watermark;
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

  /** Gathers what the writer wants to have committed in `pending`. */
  async prepareCommit(endOfInput: boolean): Promise<void> {
    for (const committable of await this.#openWriter().prepareCommit(endOfInput)) {
      this.#pending.set(this.#newId(), committable);
    }
  }

  /** What waits to be committed, restored committables too. */
  get pending(): readonly unknown[] {
    return [...this.#pending.values()];
  }

  /** Everything in `pending` has been committed. */
  committed(): void {
    this.#pending.clear();
  }

  collectState(scope: StateScope): OperatorDelta {
    const committables = this.#committableChanges(scope);
    const states = [...(this.#openWriter().collectState?.(scope) ?? [])];
    if (committables.length > 0) {
      states.push({ name: COMMITTABLES, redistribution: 'split', changes: committables });
    }
    return {
      operator: this.#context.stateId,
      keyed: [],
      timers: [],
      states,
      watermark: undefined,
      keyGroupWatermarks: undefined,
    };
  }

  applyState({ states }: OperatorDelta): void {
    this.#restored = [...this.#restored, ...states.filter(({ name }) => name !== COMMITTABLES)];
    for (const { name, changes } of states) {
      if (name !== COMMITTABLES) continue;
      for (const change of changes) {
        if (change.op === 'clear') this.#pending.clear();
        else if (change.op === 'remove') this.#pending.delete(change.part);
        else this.#pending.set(change.part, change.value);
      }
    }
    this.#stored.clear();
    for (const id of this.#pending.keys()) this.#stored.add(id);
  }

  #committableChanges(scope: StateScope): readonly OperatorStateChange[] {
    const changes: OperatorStateChange[] = [];
    for (const [part, value] of this.#pending) {
      if (scope === 'all' || !this.#stored.has(part)) changes.push({ op: 'put', part, value });
    }
    if (scope === 'all') return changes;
    for (const part of this.#stored) {
      if (!this.#pending.has(part)) changes.push({ op: 'remove', part });
    }
    this.#stored.clear();
    for (const part of this.#pending.keys()) this.#stored.add(part);
    return changes;
  }

  /** An id that the state does not hold: it may still hold some of the attempt before. */
  #newId(): string {
    for (;;) {
      const id = `${this.#context.subtask}-${this.#nextId++}`;
      if (!this.#stored.has(id)) return id;
    }
  }

  async close(): Promise<void> {
    await this.#writer?.close();
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
