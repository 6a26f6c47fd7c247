import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  ReaderOutput,
  RejectedRecord,
  Source,
  SourceReader,
  SourceSplit,
  SplitEnumerator,
} from '../../../../lib/core/connector.ts';

/** What a source emitted. */
export interface Emitted<T> {
  readonly values: T[];
  readonly rejected: RejectedRecord[];
  readonly released: string[];
}

/** A folder of its own for one test file; call `remove` at the end. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'millrace-file-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** An output that keeps everything. */
export function keepingOutput<T>(): Emitted<T> & ReaderOutput<T> {
  const values: T[] = [];
  const rejected: RejectedRecord[] = [];
  const released: string[] = [];
  return {
    values,
    rejected,
    released,
    forSplit: () => ({
      collect: (value) => {
        values.push(value);
      },
      reject: (record) => {
        rejected.push(record);
      },
    }),
    markIdle: () => {},
    releaseSplit: (splitId) => {
      released.push(splitId);
    },
  };
}

/** Runs a source with real enumerator and readers, the way a runtime does, on one thread. */
export class SourceProbe<T> {
  readonly output = keepingOutput<T>();
  readonly readers: SourceReader<T, SourceSplit>[] = [];
  enumerator!: SplitEnumerator<unknown>;
  private readonly source: Source<T>;
  private readonly parallelism: number;

  constructor(source: Source<T>, parallelism = 1) {
    this.source = source;
    this.parallelism = parallelism;
  }

  async start(checkpoint?: unknown, splits: readonly SourceSplit[] = []): Promise<this> {
    const runtime = await this.source.load();
    const context = {
      parallelism: this.parallelism,
      assignSplit: (split: SourceSplit, subtask: number) => this.readers[subtask]!.addSplits([split]),
      signalNoMoreSplits: (subtask: number) => this.readers[subtask]!.notifyNoMoreSplits(),
      currentTimeMs: () => 0,
    };
    this.enumerator = runtime.createEnumerator(context, checkpoint);
    for (let subtask = 0; subtask < this.parallelism; subtask++) {
      const requestSplit = () => this.enumerator.handleSplitRequest(subtask);
      const reader = runtime.createReader({ subtask, requestSplit });
      this.readers.push(reader);
      if (subtask === 0 && splits.length > 0) reader.addSplits(splits);
      await reader.start();
    }
    await this.enumerator.start();
    return this;
  }

  /** Polls until all readers have ended, or until `enough` records were emitted or rejected. */
  async run(options: { readonly maxRecords?: number; readonly enough?: number } = {}): Promise<Emitted<T>> {
    const { maxRecords = 100, enough = Number.POSITIVE_INFINITY } = options;
    const ended = new Set<SourceReader<T, SourceSplit>>();
    while (ended.size < this.readers.length) {
      for (const reader of this.readers) {
        if (this.output.values.length + this.output.rejected.length >= enough) return this.output;
        const status = reader.pollNext(this.output, maxRecords);
        if (status === 'end-of-input') ended.add(reader);
        else if (status === 'nothing-available') await reader.isAvailable();
      }
    }
    await this.close();
    return this.output;
  }

  /** Polls until nothing is available, as a watching source does between two discoveries. */
  drain(): Emitted<T> {
    for (const reader of this.readers) {
      while (reader.pollNext(this.output, 100) === 'more-available');
    }
    return this.output;
  }

  async close(): Promise<void> {
    for (const reader of this.readers) await reader.close();
    await this.enumerator?.close();
  }
}

/** All that `source` emits. */
export async function readAll<T>(source: Source<T>, parallelism = 1): Promise<Emitted<T>> {
  const probe = new SourceProbe(source, parallelism);
  try {
    await probe.start();
    return await probe.run();
  } finally {
    await probe.close();
  }
}
