import type { SplitOutput } from '../../core/connector.ts';
import type { FileSplit } from './file-split.ts';

/** Answer of `read`: the budget is used up, nothing is there yet, or the split is finished. */
export type SplitStatus = 'more' | 'wait' | 'end';

/** Reads one split in its format. Calls never overlap. */
export interface SplitReader<T> {
  /** Emits or rejects about `maxRecords` records. Errors of `output` pass through. */
  read(output: SplitOutput<T>, maxRecords: number): SplitStatus;
  /** Resolves when `read` can go on after 'wait'; rejects when the file cannot be read. */
  isAvailable(): Promise<void>;
  /** The split with the position behind the last record emitted. */
  snapshot(): FileSplit;
  /** Position of the record being emitted right now. */
  currentPosition(): string;
  close(): Promise<void>;
}
