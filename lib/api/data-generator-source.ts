import { setTimeout as sleep } from 'node:timers/promises';
import type {
  AnySourceRuntime,
  InputStatus,
  ReaderOutput,
  Source,
  SourceReader,
  SourceReaderContext,
  SourceSplit,
  SplitEnumerator,
  SplitEnumeratorContext,
} from '../core/connector.ts';
import { UserError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { NO_TIMESTAMP } from '../core/time.ts';

/** How many records a DataGeneratorSource makes and how fast. */
export interface DataGeneratorOptions {
  /** Records in all. Default: without end. */
  readonly count?: number;
  /** Records per second over all subtasks. Default: as fast as the job takes them. */
  readonly recordsPerSecond?: number;
  /** Highest parallelism of the source. Default: any. */
  readonly maxParallelism?: number;
}

/** Indexes `next`, `next + step` … below `end`. */
interface IndexSplit extends SourceSplit {
  readonly next: number;
  readonly step: number;
  /** Null: without end. */
  readonly end: number | null;
  /** Null: without limit. */
  readonly recordsPerSecond: number | null;
}

/**
 * Makes records from their index 0, 1, 2 …; the same index must give the same record, so that a restart
 * repeats them. Records carry no timestamp. A bounded source gives each subtask a range of indexes, an
 * unbounded one every n-th.
 *
 * Throws UserError SOURCE_INVALID if an option makes no sense. Source: Flink's DataGeneratorSource.
 */
export class DataGeneratorSource<T> implements Source<T> {
  readonly connector: string = 'data-generator';
  readonly description: string;
  readonly boundedness: 'bounded' | 'continuous-unbounded';
  declare readonly maxParallelism?: number;
  readonly #generate: (index: number) => T;
  readonly #options: DataGeneratorOptions;

  constructor(generate: (index: number) => T, options: DataGeneratorOptions = {}) {
    const { count, recordsPerSecond, maxParallelism } = options;
    if (count !== undefined && (!Number.isSafeInteger(count) || count < 0)) {
      throw new UserError(
        'SOURCE_INVALID',
        `A generator of ${count} records: count must be a whole number, at least 0.`,
      );
    }
    if (
      recordsPerSecond !== undefined &&
      !(recordsPerSecond > 0 && recordsPerSecond < Number.POSITIVE_INFINITY)
    ) {
      throw new UserError(
        'SOURCE_INVALID',
        `recordsPerSecond is ${recordsPerSecond}; give a number above 0.`,
      );
    }
    const rate = recordsPerSecond === undefined ? '' : `, ${recordsPerSecond} per second`;
    this.description = `${count ?? 'unlimited'} records${rate}`;
    this.boundedness = count === undefined ? 'continuous-unbounded' : 'bounded';
    if (maxParallelism !== undefined) this.maxParallelism = maxParallelism;
    this.#generate = generate;
    this.#options = options;
  }

  async load(): Promise<AnySourceRuntime<T>> {
    const options = this.#options;
    const generate = this.#generate;
    return {
      createEnumerator(context, checkpoint) {
        // Checkpoints of this source are made by IndexEnumerator alone.
        const waiting = checkpoint as readonly IndexSplit[] | undefined;
        return new IndexEnumerator(context, waiting ?? splitsOf(options, context.parallelism));
      },
      createReader: (context) => new GeneratorReader<T>(context, generate),
    };
  }
}

function splitsOf(
  { count, recordsPerSecond }: DataGeneratorOptions,
  parallelism: number,
): readonly IndexSplit[] {
  const rate = recordsPerSecond === undefined ? null : recordsPerSecond / parallelism;
  const boundary = (index: number) => Math.floor(((count ?? 0) * index) / parallelism);
  return Array.from({ length: parallelism }, (_, index) => ({
    splitId: `${index}`,
    recordsPerSecond: rate,
    ...(count === undefined
      ? { next: index, step: parallelism, end: null }
      : { next: boundary(index), step: 1, end: boundary(index + 1) }),
  }));
}

/** Hands each reader the next split that waits. */
class IndexEnumerator implements SplitEnumerator<unknown> {
  readonly #context: SplitEnumeratorContext<SourceSplit>;
  #waiting: readonly SourceSplit[];

  constructor(context: SplitEnumeratorContext<SourceSplit>, waiting: readonly IndexSplit[]) {
    this.#context = context;
    this.#waiting = waiting;
  }

  async start(): Promise<void> {}

  handleSplitRequest(subtask: number): void {
    const [split, ...rest] = this.#waiting;
    if (split === undefined) {
      this.#context.signalNoMoreSplits(subtask);
      return;
    }
    this.#waiting = rest;
    this.#context.assignSplit(split, subtask);
  }

  snapshotState(): readonly SourceSplit[] {
    return this.#waiting;
  }

  async close(): Promise<void> {}
}

/** A split being read. */
interface OpenSplit {
  readonly split: IndexSplit;
  next: number;
  emitted: number;
  /** When the first record of this run was due. Unit: ms of the monotonic clock. */
  readonly startedAt: number;
}

class GeneratorReader<T> implements SourceReader<T, SourceSplit> {
  readonly #context: SourceReaderContext;
  readonly #generate: (index: number) => T;
  #splits: OpenSplit[] = [];
  #ended = false;
  #position: number | undefined;
  #assigned = Promise.withResolvers<void>();

  constructor(context: SourceReaderContext, generate: (index: number) => T) {
    this.#context = context;
    this.#generate = generate;
  }

  async start(): Promise<void> {
    if (this.#splits.length === 0) this.#context.requestSplit();
  }

  pollNext(output: ReaderOutput<T>, maxRecords: number): InputStatus {
    const open = this.#splits.shift();
    if (open === undefined) return this.#ended ? 'end-of-input' : 'nothing-available';
    const { splitId, end, step } = open.split;
    const splitOutput = output.forSplit(splitId);
    const records = Math.min(maxRecords, dueRecords(open));
    const last = end ?? Number.POSITIVE_INFINITY;
    for (let n = 0; n < records && open.next < last; n++) {
      const index = open.next;
      open.next += step;
      open.emitted++;
      this.#position = index;
      splitOutput.collect(this.#generate(index), NO_TIMESTAMP);
    }
    if (open.next < last) {
      this.#splits.push(open);
      return this.#splits.some((split) => dueRecords(split) > 0) ? 'more-available' : 'nothing-available';
    }
    output.releaseSplit(splitId);
    if (this.#splits.length > 0) return 'more-available';
    this.#context.requestSplit();
    return this.#ended ? 'end-of-input' : 'nothing-available';
  }

  isAvailable(): Promise<void> {
    if (this.#ended || this.#splits.some((split) => dueRecords(split) > 0)) return Promise.resolve();
    return this.#splits.length > 0 ? sleep(LIMITS.schedulerWaitMsMax) : this.#assigned.promise;
  }

  addSplits(splits: readonly SourceSplit[]): void {
    // Splits of this source are made by IndexEnumerator and snapshotState alone.
    for (const split of splits as readonly IndexSplit[]) {
      this.#splits.push({ split, next: split.next, emitted: 0, startedAt: performance.now() });
    }
    this.#wake();
  }

  notifyNoMoreSplits(): void {
    this.#ended = true;
    this.#wake();
  }

  snapshotState(): readonly IndexSplit[] {
    return this.#splits.map(({ split, next }) => ({ ...split, next }));
  }

  currentPosition(): string {
    return this.#position === undefined ? 'before the first record' : `index ${this.#position}`;
  }

  async close(): Promise<void> {}

  #wake(): void {
    this.#assigned.resolve();
    this.#assigned = Promise.withResolvers<void>();
  }
}

/** Records that a split's rate allows now: the first at once, then evenly. */
function dueRecords({ split, emitted, startedAt }: OpenSplit): number {
  if (split.recordsPerSecond === null) return Number.POSITIVE_INFINITY;
  return Math.floor(((performance.now() - startedAt) / 1000) * split.recordsPerSecond) + 1 - emitted;
}
