import type { SplitEnumerator, SplitEnumeratorContext, StateScope } from '../../core/connector.ts';
import { LIMITS } from '../../core/limits.ts';
import type { OperatorStateDelta } from '../../core/log/state-delta.ts';
import { compressionOf } from './byte-source.ts';
import { EnumeratorState } from './enumerator-state.ts';
import { discoverFiles, type FoundFile, notFound } from './file-discovery.ts';
import type { FileSourceSpec } from './file-source-spec.ts';
import { type FileSplit, newSplit } from './file-split.ts';
import { rowGroupRows } from './parquet-file.ts';

/** What an enumerator remembers. */
export interface FileEnumeratorCheckpoint {
  /** Splits that no reader has. */
  readonly pending: readonly FileSplit[];
  /** Files already cut into splits. */
  readonly seen: readonly string[];
}

/**
 * Finds files and hands out their splits in order, one at a time and on request.
 *
 * At parallelism 1 a file is one split, so that records arrive in the order of the file. At a higher one, big
 * uncompressed NDJSON files are cut into byte ranges and Parquet files into ranges of row groups.
 */
export class FileEnumerator implements SplitEnumerator<FileEnumeratorCheckpoint> {
  readonly discoveryIntervalMs?: number;
  /** Only watching sources discover files after the start. */
  readonly discover?: () => Promise<void>;
  private readonly spec: FileSourceSpec;
  private readonly context: SplitEnumeratorContext<FileSplit>;
  private readonly state = new EnumeratorState();
  private readonly seen: Set<string>;
  private readonly waiting = new Set<number>();
  private pending: FileSplit[];
  private restored: boolean;
  private started = false;
  /** Something is to be remembered since changes were last asked for. */
  private changed = true;

  constructor(
    spec: FileSourceSpec,
    context: SplitEnumeratorContext<FileSplit>,
    checkpoint: FileEnumeratorCheckpoint | undefined,
  ) {
    this.spec = spec;
    this.context = context;
    this.restored = checkpoint !== undefined;
    this.pending = [...(checkpoint?.pending ?? [])];
    this.seen = new Set(checkpoint?.seen);
    if (spec.mode === 'watch') {
      this.discoveryIntervalMs = LIMITS.fileDiscoveryIntervalMs;
      this.discover = () => this.discoverAgain();
    }
  }

  async start(): Promise<void> {
    const cwd = process.cwd();
    // A bounded source reads what was there when it began, also after a restart.
    if (this.spec.mode === 'watch' || !this.restored) {
      const { files, missing } = await discoverFiles(this.spec.paths, cwd);
      if (missing.length > 0 && this.spec.mode === 'bounded') throw notFound(missing, cwd);
      await this.addFiles(files);
    }
    this.started = true;
    this.serveWaiting();
  }

  handleSplitRequest(subtask: number): void {
    const split = this.started ? this.pending.shift() : undefined;
    if (split !== undefined) {
      this.changed = true;
      this.context.assignSplit(split, subtask);
    } else if (this.started && this.spec.mode === 'bounded') this.context.signalNoMoreSplits(subtask);
    else this.waiting.add(subtask);
  }

  snapshotState(): FileEnumeratorCheckpoint {
    return { pending: [...this.pending], seen: [...this.seen] };
  }

  /** Part by part: there may be many files, and few of them are new. */
  collectState(scope: StateScope): readonly OperatorStateDelta[] {
    if (scope === 'changes' && !this.changed) return [];
    if (scope === 'changes') this.changed = false;
    // What a bounded source has seen is of no use: it discovers once.
    const seen = this.spec.mode === 'watch' ? this.seen : new Set<string>();
    return this.state.collect(scope, { pending: this.pending, seen });
  }

  applyState(states: readonly OperatorStateDelta[]): void {
    const { begun, pending, seen } = this.state.apply(states);
    this.restored ||= begun;
    this.pending = [...pending];
    for (const path of seen) this.seen.add(path);
  }

  async close(): Promise<void> {}

  private async discoverAgain(): Promise<void> {
    await this.addFiles((await discoverFiles(this.spec.paths, process.cwd())).files);
    this.serveWaiting();
  }

  private serveWaiting(): void {
    const subtasks = [...this.waiting];
    this.waiting.clear();
    for (const subtask of subtasks) this.handleSplitRequest(subtask);
  }

  private async addFiles(files: readonly FoundFile[]): Promise<void> {
    for (const file of files) {
      if (this.seen.has(file.path)) continue;
      const splits = await this.cut(file);
      this.changed = true;
      this.seen.add(file.path);
      this.pending.push(...splits);
    }
  }

  private async cut(file: FoundFile): Promise<FileSplit[]> {
    const { format, splitBytesMin = LIMITS.fileSplitBytesMin } = this.spec;
    const { parallelism } = this.context;
    if (parallelism === 1 || format.kind === 'csv') return [newSplit(file.path)];
    if (format.kind === 'parquet') return rowRanges(file.path, await rowGroupRows(file.path), parallelism);
    if (compressionOf(file.path, format.options.compression) !== 'none') return [newSplit(file.path)];
    const pieces = Math.min(parallelism, Math.floor(file.bytes / splitBytesMin));
    return pieces < 2 ? [newSplit(file.path)] : byteRanges(file, pieces);
  }
}

/** Ranges of about equal size; the last one reaches to the end of the file, wherever that is. */
function byteRanges(file: FoundFile, pieces: number): FileSplit[] {
  const starts = Array.from({ length: pieces }, (_, piece) => Math.floor((file.bytes * piece) / pieces));
  return starts.map((start, piece) => newSplit(file.path, { start, end: starts[piece + 1] ?? null }));
}

/** Ranges of whole row groups, about as many rows in each; at most `pieces` of them. */
function rowRanges(path: string, groups: readonly number[], pieces: number): FileSplit[] {
  const rows = groups.reduce((sum, count) => sum + count, 0);
  const splits: FileSplit[] = [];
  let start = 0;
  let end = 0;
  for (const count of groups) {
    end += count;
    const last = end === rows;
    if (last || end >= (rows * (splits.length + 1)) / pieces) {
      if (end > start) splits.push(newSplit(path, { start, end }));
      start = end;
    }
  }
  return splits;
}
