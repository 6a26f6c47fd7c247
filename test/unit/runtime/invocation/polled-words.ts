/** A source that finds its splits itself: lists of words by name. */
import type {
  AnySourceRuntime,
  InputStatus,
  PolledReader,
  PolledReaderContext,
  ReaderOutput,
  Source,
  SourceSplit,
} from '../../../../lib/core/connector.ts';
import { NO_TIMESTAMP } from '../../../../lib/core/time.ts';

/** Words by the name of their list; only whole lists are ever added. */
export type WordLists = Map<string, readonly string[]>;

interface ListSplit extends SourceSplit {
  readonly offset: number;
}

export class PolledWords implements Source<string> {
  readonly connector = 'lists';
  readonly description = 'lists';
  readonly polled = true;
  readonly boundedness: Source<string>['boundedness'];
  readonly #lists: WordLists;

  constructor(lists: WordLists, boundedness: Source<string>['boundedness']) {
    this.#lists = lists;
    this.boundedness = boundedness;
  }

  async load(): Promise<AnySourceRuntime<string>> {
    const refuse = (): never => {
      throw new Error('this source is polled');
    };
    return {
      createEnumerator: refuse,
      createReader: refuse,
      createPolledReader: (context) => new ListReader(this.#lists, context, this.boundedness === 'bounded'),
    };
  }
}

class ListReader implements PolledReader<string, SourceSplit> {
  readonly #lists: WordLists;
  readonly #context: PolledReaderContext;
  readonly #bounded: boolean;
  readonly #splits = new Map<string, ListSplit>();
  #position = 'the start';
  #loaded: string | undefined;
  #discovered = false;
  bytesRead = 0;

  constructor(lists: WordLists, context: PolledReaderContext, bounded: boolean) {
    this.#lists = lists;
    this.#context = context;
    this.#bounded = bounded;
  }

  async start(): Promise<void> {}
  async close(): Promise<void> {}
  notifyNoMoreSplits(): void {}

  get hasSplits(): boolean {
    return this.#next() !== undefined;
  }

  #next(): ListSplit | undefined {
    return [...this.#splits.values()].find((split) => split.offset < this.#lengthOf(split));
  }

  #lengthOf({ splitId }: SourceSplit): number {
    return this.#lists.get(splitId)?.length ?? 0;
  }

  async discover(): Promise<void> {
    if (this.hasSplits || (this.#bounded && this.#discovered)) return;
    this.#discovered = true;
    for (const splitId of this.#lists.keys()) {
      if (!this.#context.owns(splitId) || this.#splits.has(splitId)) continue;
      this.#splits.set(splitId, { splitId, offset: 0 });
    }
  }

  addSplits(splits: readonly SourceSplit[]): void {
    this.#discovered = true;
    // Splits of this source are made by this class.
    for (const split of splits) this.#splits.set(split.splitId, split as ListSplit);
  }

  /** A list has to be waited for before it is read. */
  async isAvailable(): Promise<void> {
    this.#loaded = this.#next()?.splitId;
  }

  pollNext(output: ReaderOutput<string>, maxRecords: number): InputStatus {
    const split = this.#next();
    if (split === undefined) return this.#bounded && this.#discovered ? 'end-of-input' : 'nothing-available';
    const { splitId, offset } = split;
    if (this.#loaded !== splitId) return 'nothing-available';
    const words = this.#lists.get(splitId)!.slice(offset, offset + maxRecords);
    for (const [i, word] of words.entries()) {
      this.#position = `${splitId}:${offset + i}`;
      this.bytesRead += word.length;
      output.forSplit(splitId).collect(word, NO_TIMESTAMP);
    }
    const moved = { splitId, offset: offset + words.length };
    this.#splits.set(splitId, moved);
    if (moved.offset === this.#lengthOf(split)) output.releaseSplit(splitId);
    return 'more-available';
  }

  snapshotState(): readonly SourceSplit[] {
    return [...this.#splits.values()];
  }

  currentPosition(): string {
    return this.#position;
  }
}
