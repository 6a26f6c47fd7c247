import type { AnySinkRuntime, CommitRequest, SinkWriter, StateScope } from '../../core/connector.ts';
import { InvariantError, RecordError } from '../../core/errors.ts';
import type { Counter } from '../../core/functions/rich-function.ts';
import { LIMITS } from '../../core/limits.ts';
import { committableIdText, parseCommittableId } from '../../core/log/committable-id.ts';
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

/** The commit that comes next. */
export interface CommitPlace {
  readonly lineage: number;
  readonly version: number;
}

const COMMITTABLES = 'committables';

/** How many committables the whole state of an operator holds. */
export function committablesIn({ states }: OperatorDelta): number {
  const own = states.filter(({ name }) => name === COMMITTABLES);
  return own.reduce((sum, { changes }) => sum + changes.length, 0);
}

/**
 * Last operator of a chain: hands records to the writer of a sink, and remembers what the writer wants to
 * have committed until it is.
 *
 * 1  A committable is in the state from the commit that follows `prepareCommit` on, and out of it with the
 *    first commit after `committed`; all the while it has the id that this commit gave it (I16).
 */
export class SinkOperator implements Operator, Input {
  readonly inputs: readonly [Input] = [this];
  readonly nodeId: number;
  readonly #options: SinkOperatorOptions;
  readonly #context: OperatorContext;
  readonly #numRecordsOut: Counter;
  #writer: SinkWriter<unknown, unknown> | undefined;
  /** Committables by the text of their ids. */
  readonly #pending = new Map<string, unknown>();
  /** Ids of the committables in the state. */
  readonly #stored = new Set<string>();
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

  /** What the writer wants to have committed; whoever asks has to remember it. */
  takeCommittables(endOfInput: boolean): Promise<readonly unknown[]> {
    return this.#openWriter().prepareCommit(endOfInput);
  }

  /** Gathers what the writer wants to have committed in `pending`. */
  async prepareCommit(endOfInput: boolean, { lineage, version }: CommitPlace): Promise<void> {
    const { jobName, stateId, subtask } = this.#context;
    const owner = `${jobName}/${stateId}`;
    const committables = await this.takeCommittables(endOfInput);
    committables.forEach((committable, index) => {
      const id = committableIdText({ owner, subtask, lineage, version, index });
      if (this.#pending.has(id)) throw takenTwice(id);
      this.#pending.set(id, committable);
    });
  }

  /** What waits to be committed, restored committables first. */
  get pending(): readonly CommitRequest<unknown>[] {
    return [...this.#pending].map(([text, committable]) => ({ id: parseCommittableId(text), committable }));
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

function takenTwice(id: string): InvariantError {
  return new InvariantError('INVARIANT', `Two commits have made a committable with the id '${id}'.`);
}
