import type {
  AnySourceRuntime,
  InputStatus,
  PolledReader,
  PolledReaderContext,
  ReaderOutput,
  SourceReader,
  SourceReaderContext,
  SourceSplit,
  StateScope,
} from '../../core/connector.ts';
import { UserError } from '../../core/errors.ts';
import type { OperatorStateDelta } from '../../core/log/state-delta.ts';

/** What one version of a polled source takes at most, about. */
export interface PollBudget {
  readonly records: number;
  readonly bytes: number;
}

/**
 * Reader of a source that is asked for records: it reads only while it is granted a budget, so that
 * everything read belongs to the version that is being made.
 */
export class BudgetedReader implements SourceReader<unknown, SourceSplit> {
  readonly #inner: PolledReader<unknown, SourceSplit>;
  /** Undefined between versions. */
  #grant: PollBudget | undefined;
  #bytesBefore = 0;
  #status: InputStatus = 'more-available';
  #stopped = false;

  constructor(inner: PolledReader<unknown, SourceSplit>) {
    this.#inner = inner;
  }

  /** True if nothing can be read before time passes or the next budget is granted. */
  get drained(): boolean {
    return this.#grant === undefined || this.#status === 'end-of-input';
  }

  /** Looks for new splits, and waits for the first records of what there is to read. */
  async grant(budget: PollBudget): Promise<void> {
    await this.#inner.discover();
    this.#bytesBefore = this.#inner.bytesRead;
    this.#status = 'more-available';
    this.#grant = budget;
  }

  /** Resolves when there is something to read; withdraws the budget if there is nothing at all. */
  async prepare(): Promise<void> {
    if (this.#status !== 'nothing-available') return;
    if (this.#inner.hasSplits) await this.#inner.isAvailable();
    else this.withdraw();
  }

  withdraw(): void {
    this.#grant = undefined;
  }

  start(): Promise<void> {
    return this.#inner.start();
  }

  pollNext(output: ReaderOutput<unknown>, maxRecords: number): InputStatus {
    if (this.#stopped) this.#status = 'end-of-input';
    else if (this.#grant !== undefined) this.#read(output, maxRecords);
    if (!this.#stopped && !this.#inner.hasSplits && this.#status !== 'end-of-input') output.markIdle();
    // Whoever grants a budget waits; the task never does.
    return this.#status === 'end-of-input' ? 'end-of-input' : 'more-available';
  }

  #read(output: ReaderOutput<unknown>, maxRecords: number): void {
    const { records, bytes } = this.#grant ?? { records: 0, bytes: 0 };
    const share = Math.min(records, maxRecords);
    this.#status = this.#inner.pollNext(output, share);
    if (this.#status === 'nothing-available') return;
    const spent = this.#inner.bytesRead - this.#bytesBefore;
    this.#grant = records > share && spent < bytes ? { records: records - share, bytes } : undefined;
  }

  isAvailable(): Promise<void> {
    return Promise.resolve();
  }

  addSplits(splits: readonly SourceSplit[]): void {
    this.#inner.addSplits(splits);
  }

  /** Nothing more is read, whatever is left. */
  endInput(): void {
    this.#stopped = true;
  }

  notifyNoMoreSplits(): void {
    this.endInput();
  }

  snapshotState(): readonly SourceSplit[] {
    return this.#inner.snapshotState();
  }

  collectState(scope: StateScope): readonly OperatorStateDelta[] {
    return this.#inner.collectState?.(scope) ?? [];
  }

  applyState(states: readonly OperatorStateDelta[]): void {
    this.#inner.applyState?.(states);
  }

  currentPosition(): string {
    return this.#inner.currentPosition();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

/**
 * The source with readers that are asked; `onReader` takes each. `contextOf`: what that of a subtask may ask.
 * Throws UserError SOURCE_INVALID.
 */
export function polledRuntime(
  runtime: AnySourceRuntime<unknown>,
  {
    name,
    contextOf,
  }: { readonly name: string; readonly contextOf: (subtask: number) => PolledReaderContext },
  onReader: (reader: BudgetedReader) => void,
): AnySourceRuntime<unknown> {
  const { createPolledReader } = runtime;
  if (createPolledReader === undefined) {
    throw new UserError(
      'SOURCE_INVALID',
      `Source '${name}' says that it is polled and has no reader for that.`,
    );
  }
  return {
    createEnumerator: (context, checkpoint) => runtime.createEnumerator(context, checkpoint),
    createReader: ({ subtask }: SourceReaderContext) => {
      const reader = new BudgetedReader(createPolledReader.call(runtime, contextOf(subtask)));
      onReader(reader);
      return reader;
    },
  };
}
