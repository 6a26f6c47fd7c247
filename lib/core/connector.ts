/**
 * The shapes every connector is built of: FLIP-27 sources and Sink V2 sinks.
 *
 * A Source or Sink is a descriptor: data, cheap to make, safe to import at plan time. Its `load` brings the
 * code. One SplitEnumerator finds splits; each subtask has a SourceReader. Positions live inside splits,
 * are opaque to the runtime and typed by the connector.
 *
 * A commit of a durable job happens while no record is under way, in this order:
 *
 * 1  every writer flushes, then `prepareCommit`: what it answers, and what its state will say, is on the
 *    device and invisible;
 * 2  state of writers, positions of readers and the committables go into the log as one;
 * 3  `Committer.commit` makes the committables visible; it may be repeated, because
 * 4  only the next commit forgets them.
 *
 * What is restored is what 2 wrote last: its committables are committed again before anything else happens.
 */
import type { OperatorStateDelta } from './log/state-delta.ts';

/** `all`: what there is; `changes`: what has changed since the last time changes were asked for. */
export type StateScope = 'all' | 'changes';

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
export interface SplitEnumerator<C> {
  /** First discovery. Throws UserError SOURCE_NOT_FOUND when a bounded input does not exist. */
  start(): Promise<void>;
  /** A reader has nothing left: assign a split or signal that none will come. */
  handleSplitRequest(subtask: number): void;
  /** Called again and again every `discoveryIntervalMs` of an unbounded source. */
  discover?(): Promise<void>;
  readonly discoveryIntervalMs?: number;
  /** All that has to be remembered; asked for at every commit unless there is `collectState`. */
  snapshotState(): C;
  /** Instead of `snapshotState`, part by part, for an enumerator that remembers much. */
  collectState?(scope: StateScope): readonly OperatorStateDelta[];
  /** Before `start`. */
  applyState?(states: readonly OperatorStateDelta[]): void;
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
  /** The reader has no split for now and does not hold back the watermark; the next split ends that. */
  markIdle(): void;
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
  /** What has to be remembered beside the splits. */
  collectState?(scope: StateScope): readonly OperatorStateDelta[];
  /** Before splits are added and before `start`. */
  applyState?(states: readonly OperatorStateDelta[]): void;
  /** Position, in words, of the record being emitted right now; for error messages. */
  currentPosition(): string;
  close(): Promise<void>;
}

/** A record of a shard, as its stream delivered it. */
export interface PushedRecord {
  readonly sequenceNumber: string;
  readonly bytes: Uint8Array;
  /** When the stream took it. Unit: ms since the epoch. */
  readonly arrivedAt: number;
}

/**
 * A reader whose records are delivered: each shard is a split, and how far it was read is the runtime's
 * business. `pollNext` emits what was offered.
 */
export interface PushedReader<T, S extends SourceSplit> extends SourceReader<T, S> {
  offer(shardId: string, records: readonly PushedRecord[]): void;
  /** Nothing follows in the shard: its split is finished once everything offered is emitted. */
  endShard(shardId: string): void;
}

/** What a reader may ask of the runtime that finds its splits itself. */
export interface PolledReaderContext {
  readonly subtask: number;
  readonly parallelism: number;
  /** True if the split is for this subtask: each split is for exactly one. */
  owns(splitId: string): boolean;
}

/**
 * A reader that finds its splits itself, because no enumerator lives beside it. `snapshotState` also answers
 * splits that are finished, for as long as they would be found again.
 */
export interface PolledReader<T, S extends SourceSplit> extends SourceReader<T, S> {
  /**
   * Looks for splits if none is left to read. Throws UserError SOURCE_NOT_FOUND for a bounded input that does
   * not exist.
   */
  discover(): Promise<void>;
  /** True while a split is left to read. */
  readonly hasSplits: boolean;
  /** Size of what has been read since it was made, about. Unit: bytes. */
  readonly bytesRead: number;
}

/** The code of a source, brought by its descriptor. */
export interface SourceRuntime<T, S extends SourceSplit, C> {
  createEnumerator(context: SplitEnumeratorContext<S>, checkpoint?: C): SplitEnumerator<C>;
  createReader(context: SourceReaderContext): SourceReader<T, S>;
  /** Only of a source whose records can be delivered to it. */
  createPushedReader?(context: SourceReaderContext): PushedReader<T, SourceSplit>;
  /** Only of a source whose descriptor says that it is polled. */
  createPolledReader?(context: PolledReaderContext): PolledReader<T, S>;
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
  /** Where subtasks are invoked one by one: true if nobody delivers its records to it. @default false */
  readonly polled?: boolean;
  load(): Promise<AnySourceRuntime<T>>;
}

/** What a writer knows about its place. */
export interface SinkWriterContext {
  readonly jobName: string;
  readonly operatorUid: string;
  readonly subtask: number;
  readonly parallelism: number;
  /**
   * True if the state of the writer is collected at every commit: what the state speaks of has to outlive
   * the process. Otherwise nothing of a run that fails is ever used.
   */
  readonly durable: boolean;
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
   * Called after `flush`. What it answers survives a power cut; so does, in a durable job, all that
   * `collectState` will speak of.
   */
  prepareCommit(endOfInput: boolean): Promise<readonly C[]>;
  /** What a new writer needs to go on; in a durable job after each `prepareCommit`, before more records. */
  collectState?(scope: StateScope): readonly OperatorStateDelta[];
  /**
   * State of a writer that was lost, or of several if there were more of them; before the first record.
   * Throws UserError SINK_INVALID if what the state speaks of is gone.
   */
  applyState?(states: readonly OperatorStateDelta[]): void;
  /**
   * Ends without committing: leaves nothing visible, and in a durable job everything that the last commit
   * speaks of. Also called after a successful end.
   */
  close(): Promise<void>;
}

/**
 * Names a committable: the same in every attempt to commit it, also after restarts and rescales.
 *
 * Of the committables of one subtask the later one has the higher (lineage, version, index), compared in this
 * order; those of two subtasks of the same lineage do not compare. A target that keeps the three beside each
 * row can refuse to overwrite it with older ones, if all rows of one primary key come from one subtask: the
 * input of the sink is keyed by it.
 */
export interface CommittableId {
  /** Unique among the sinks of all jobs, of any length: for targets that drop what they have seen. */
  readonly text: string;
  /** Higher in every later run of the job: one that continues another, and one that starts over. */
  readonly lineage: number;
  /** Subtask that wrote it, as its lineage numbers them. */
  readonly subtask: number;
  /** Commit that it belongs to, from 1. */
  readonly version: number;
  /** Place within that commit, from 0; not all numbers need occur. */
  readonly index: number;
}

/** What is to be made visible, under the name that it always has. */
export interface CommitRequest<C> {
  readonly id: CommittableId;
  readonly committable: C;
}

/**
 * Makes committables visible; must be idempotent, also across restarts: by the ids, or by what committables
 * say themselves. Committables are plain data. Those of one subtask come in order.
 */
export interface Committer<C> {
  commit(requests: readonly CommitRequest<C>[]): Promise<void>;
}

/** What a sink is told once per job before its writers start. */
export interface SinkPrepareContext {
  readonly jobName: string;
  readonly operatorUid: string;
  /** Remove the output of another run instead of refusing to write beside it. */
  readonly overwrite: boolean;
  /** The job goes on from a commit: the output that lies there is its own and stays. */
  readonly restored: boolean;
}

/** The code of a sink, brought by its descriptor. */
export interface SinkRuntime<in T, C> {
  /** Checks and prepares the target once per job. Throws UserError SINK_NOT_EMPTY, SINK_INVALID. */
  prepare?(context: SinkPrepareContext): Promise<void>;
  createWriter(context: SinkWriterContext): Promise<SinkWriter<T, C>>;
  createCommitter?(): Promise<Committer<C>>;
  /**
   * Removes what the attempt that was lost left behind uncommitted; once, when all writers of the job have
   * their state, restored committables are committed and no record has been written. Throws UserError
   * SINK_NOT_EMPTY if the target holds what no commit speaks of.
   */
  recover?(): Promise<void>;
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
