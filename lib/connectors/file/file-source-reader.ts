import type { InputStatus, ReaderOutput, SourceReader, SourceReaderContext } from '../../core/connector.ts';
import type { FileSplit } from './file-split.ts';
import type { SplitReader } from './split-reader.ts';

/** Opens the reader of a split in the format of the source. */
export type OpenSplit<T> = (split: FileSplit) => SplitReader<T>;

/** Reads splits one after another and asks for the next one when the last is finished. */
export class FileSourceReader<T> implements SourceReader<T, FileSplit> {
  private readonly context: SourceReaderContext;
  private readonly open: OpenSplit<T>;
  private readonly splits: FileSplit[] = [];
  private current: { readonly splitId: string; readonly reader: SplitReader<T> } | undefined;
  private requested = false;
  private noMoreSplits = false;
  private wake: (() => void) | undefined;
  private available: Promise<void> | undefined;

  constructor(context: SourceReaderContext, open: OpenSplit<T>) {
    this.context = context;
    this.open = open;
  }

  async start(): Promise<void> {
    this.request();
  }

  pollNext(output: ReaderOutput<T>, maxRecords: number): InputStatus {
    if (this.current === undefined && !this.openNext()) {
      return this.noMoreSplits ? 'end-of-input' : 'nothing-available';
    }
    // openNext has just set it, or it was there before.
    const { splitId, reader } = this.current!;
    const status = reader.read(output.forSplit(splitId), maxRecords);
    if (status === 'wait') return 'nothing-available';
    if (status === 'end') {
      this.closeCurrent();
      output.releaseSplit(splitId);
    }
    return 'more-available';
  }

  /** All callers wait for the same promise: a row group must not be read twice. */
  isAvailable(): Promise<void> {
    if (this.available === undefined) {
      this.available = this.waitForInput().finally(() => {
        this.available = undefined;
      });
      // Nobody may be waiting any more when reading fails, because the reader was closed.
      this.available.catch(() => undefined);
    }
    return this.available;
  }

  addSplits(splits: readonly FileSplit[]): void {
    this.splits.push(...splits);
    this.requested = false;
    this.wakeUp();
  }

  notifyNoMoreSplits(): void {
    this.noMoreSplits = true;
    this.wakeUp();
  }

  snapshotState(): readonly FileSplit[] {
    return this.current === undefined ? [...this.splits] : [this.current.reader.snapshot(), ...this.splits];
  }

  currentPosition(): string {
    return this.current?.reader.currentPosition() ?? 'before the first record';
  }

  async close(): Promise<void> {
    await this.current?.reader.close();
    this.current = undefined;
  }

  private waitForInput(): Promise<void> {
    if (this.current !== undefined) return this.current.reader.isAvailable();
    if (this.splits.length > 0 || this.noMoreSplits) return Promise.resolve();
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private openNext(): boolean {
    let split = this.splits.shift();
    if (split === undefined && !this.noMoreSplits) {
      this.request();
      split = this.splits.shift();
    }
    if (split === undefined) return false;
    this.current = { splitId: split.splitId, reader: this.open(split) };
    return true;
  }

  /** The answer may come before this returns. */
  private request(): void {
    if (this.requested || this.noMoreSplits || this.splits.length > 0) return;
    this.requested = true;
    this.context.requestSplit();
  }

  private closeCurrent(): void {
    const reader = this.current?.reader;
    this.current = undefined;
    // Closing a file that was only read has no result that anybody could need.
    reader?.close().catch(() => undefined);
  }

  private wakeUp(): void {
    this.wake?.();
    this.wake = undefined;
  }
}
