/**
 * The shapes every connector is built of: FLIP-27 sources and Sink V2 sinks.
 *
 * A Source or Sink is a descriptor: data, cheap to make, safe to import at plan time. Its `load` brings the
 * code. One SplitEnumerator finds splits; each subtask has a SourceReader. Positions live inside splits,
 * are opaque to the runtime and typed by the connector.
 */

/** A piece of a source that one reader reads, with the position already reached. Plain data. */
export interface SourceSplit {
  /** Unique within its source and stable across restarts. */
  readonly splitId: string;
}

/** What the enumerator may ask of the runtime. */
export interface SplitEnumeratorContext<S extends SourceSplit> {
  readonly parallelism: number;
  assignSplit(split: S, subtask: number): void;
  /** The reader ends when it has read its splits. */
  signalNoMoreSplits(subtask: number): void;
  currentTimeMs(): number;
}

/** Finds the splits of a source and hands them to readers on request. One per source and job. */
export interface SplitEnumerator<S extends SourceSplit, C> {
  /** First discovery. Throws UserError SOURCE_NOT_FOUND when a bounded input does not exist. */
  start(): Promise<void>;
  /** A reader has nothing left: assign a split or signal that none will come. */
  handleSplitRequest(subtask: number): void;
  /** Splits of a failed reader come back with the positions last snapshotted. */
  addSplitsBack(splits: readonly S[], subtask: number): void;
  /** Called again and again every `discoveryIntervalMs` of an unbounded source. */
  discover?(): Promise<void>;
  readonly discoveryIntervalMs?: number;
  snapshotState(): C;
  close(): Promise<void>;
}

/** Answer of `pollNext`: more now, nothing until `isAvailable` resolves, or the end. */
export type InputStatus = 'more-available' | 'nothing-available' | 'end-of-input';

/** A record that cannot enter the stream. */
export interface RejectedRecord {
  /** Error code of the reason, for example RECORD_UNPARSABLE. */
  readonly code: string;
  /** A sentence for people. */
  readonly reason: string;
  /** Where the record stands, in the connector's words, for example `data/a.ndjson:17 (byte 2040)`. */
  readonly position: string;
  /** The record as text, cut at LIMITS.deadLetterRawBytesMax. */
  readonly raw: string;
}

/** Takes the records of one split in order. */
export interface SplitOutput<T> {
  /** `timestamp` is what the source knows (NO_TIMESTAMP if nothing). Unit: ms since the epoch. */
  collect(value: T, timestamp: number): void;
  reject(record: RejectedRecord): void;
}

/** Takes the records of a reader; watermarks are generated per split. */
export interface ReaderOutput<T> {
  forSplit(splitId: string): SplitOutput<T>;
  /** The split is finished: it no longer holds back the watermark. */
  releaseSplit(splitId: string): void;
}

/** What a reader may ask of the runtime. */
export interface SourceReaderContext {
  readonly subtask: number;
  /** Asks the enumerator for a split; the answer comes through addSplits or notifyNoMoreSplits. */
  requestSplit(): void;
}

/** Reads the splits of one subtask. Calls never overlap. */
export interface SourceReader<T, S extends SourceSplit> {
  start(): Promise<void>;
  /** Emits at most about `maxRecords` records synchronously and says what comes next. */
  pollNext(output: ReaderOutput<T>, maxRecords: number): InputStatus;
  /**
   * Resolves when pollNext has something to do; called after 'nothing-available'. Rejects when reading
   * failed.
   */
  isAvailable(): Promise<void>;
  addSplits(splits: readonly S[]): void;
  notifyNoMoreSplits(): void;
  /** The unfinished splits with the positions behind the last record emitted. */
  snapshotState(): readonly S[];
  /** Position, in words, of the record being emitted right now; for error messages. */
  currentPosition(): string;
  close(): Promise<void>;
}

/** The code of a source, brought by its descriptor. */
export interface SourceRuntime<T, S extends SourceSplit, C> {
  createEnumerator(context: SplitEnumeratorContext<S>, checkpoint?: C): SplitEnumerator<S, C>;
  createReader(context: SourceReaderContext): SourceReader<T, S>;
}

/** A SourceRuntime whose split and checkpoint types are nobody else's business. */
export type AnySourceRuntime<T> = SourceRuntime<T, SourceSplit, unknown>;

/** Descriptor of a source of records of type T. Plain data plus `load`. */
export interface Source<T> {
  /** Kind of connector, for example `file`. */
  readonly connector: string;
  /** For the plan, for example `ndjson data/flights.ndjson`. */
  readonly description: string;
  readonly boundedness: 'bounded' | 'continuous-unbounded';
  /** Highest parallelism that makes sense; absent if any does. */
  readonly maxParallelism?: number;
  load(): Promise<AnySourceRuntime<T>>;
}

/** What a writer knows about its place. */
export interface SinkWriterContext {
  readonly jobName: string;
  readonly operatorUid: string;
  readonly subtask: number;
  readonly parallelism: number;
}

/** Writes the records of one subtask. Calls never overlap. Nothing becomes visible before it is committed. */
export interface SinkWriter<in T, C> {
  /** Takes one record; buffers or writes synchronously. */
  write(value: T, timestamp: number): void;
  /** Bytes taken but not flushed; the runtime flushes above LIMITS.fileWriteBytes and before every commit. */
  pendingBytes(): number;
  flush(endOfInput: boolean): Promise<void>;
  /**
   * What can be made visible now: everything at the end of input, else what the rolling policy has closed.
   */
  prepareCommit(endOfInput: boolean): Promise<readonly C[]>;
  /** Ends without committing: leaves nothing visible. Also called after a successful end. */
  close(): Promise<void>;
}

/** Makes committables visible; must be idempotent. */
export interface Committer<C> {
  commit(committables: readonly C[]): Promise<void>;
}

/** What a sink is told once per job before its writers start. */
export interface SinkPrepareContext {
  readonly jobName: string;
  readonly operatorUid: string;
  /** Remove the output of another run instead of refusing to write beside it. */
  readonly overwrite: boolean;
}

/** The code of a sink, brought by its descriptor. */
export interface SinkRuntime<in T, C> {
  /** Checks and prepares the target once per job. Throws UserError SINK_NOT_EMPTY, SINK_INVALID. */
  prepare?(context: SinkPrepareContext): Promise<void>;
  createWriter(context: SinkWriterContext): Promise<SinkWriter<T, C>>;
  createCommitter?(): Promise<Committer<C>>;
}

/** A SinkRuntime whose committables are nobody else's business. */
export type AnySinkRuntime<T> = SinkRuntime<T, unknown>;

/** Descriptor of a sink that takes records of type T. Plain data plus `load`. */
export interface Sink<in T> {
  readonly connector: string;
  /** For the plan, for example `ndjson out/hourly`. */
  readonly description: string;
  /** For people after the run, for example the folder; absent if there is nothing to look at. */
  readonly location?: string;
  load(): Promise<AnySinkRuntime<T>>;
}
