/**
 * SubtaskProgram: the user code of one subtask, as the invocation runtime drives it.
 *
 * 1. It does nothing outside of the process but in `perform` (I16): what it produces is handed over by
 *    `collect` and becomes real with the version that holds it.
 * 2. `collect` and `catchUp` leave nothing uncollected behind: the state equals the version (I9).
 */
import type { PushedRecord } from '../../core/connector.ts';
import type { ChannelWatermark, SinkIntent } from '../../core/log/entry-payload.ts';
import type { Frame, FrameRun, WatermarkHint } from '../../core/log/frame.ts';
import type { OperatorDelta } from '../../core/log/state-delta.ts';
import type { TableState } from './key-demand.ts';
import type { PollBudget } from './polled-reader.ts';

/** A frame before it has a number and a version. */
export interface FrameDraft {
  /** `vertex/subtask`. */
  readonly target: string;
  readonly edge: string;
  readonly endOfInput: boolean;
  readonly runs: readonly FrameRun[];
}

/** What a channel was told last. */
export interface OutputWatermark {
  /** `vertex/subtask`. */
  readonly target: string;
  readonly edge: string;
  /** Unit: ms since the epoch. */
  readonly watermark: number;
  readonly idle: boolean;
}

/** An effect that waits for its version. */
export interface PreparedEffect {
  /** Named as in OperatorDelta. */
  readonly operator: string;
  readonly committable: unknown;
}

/** What has happened since the last version. */
export interface ProgramChanges {
  /** Deltas in which nothing has changed are absent. */
  readonly operators: readonly OperatorDelta[];
  /** In order for every target. */
  readonly frames: readonly FrameDraft[];
  readonly effects: readonly PreparedEffect[];
  /** Watermarks of channels that have moved behind the last frame. */
  readonly watermarks: readonly OutputWatermark[];
}

/** What vectors say that a program has to know when it starts or catches up. */
export interface ProgramStart {
  /** 0 if nobody was told anything yet. */
  readonly version: number;
  /** Unit: ms since the epoch. */
  readonly processingTime: number;
  /** By `inputChannelKey`. */
  readonly watermarks: ReadonlyMap<string, ChannelWatermark>;
}

/** A stream was split or merged. Ids of shards of one subtask. */
export interface ShardChange {
  /** Shards that have come to be. */
  readonly opened: readonly string[];
  /** Shards in which nothing follows. */
  readonly ended: readonly string[];
}

export interface SubtaskProgram {
  /** Undefined if all of its state is in memory. */
  readonly tableState?: TableState | undefined;
  /** Before `open`, or between versions. */
  applyState(deltas: readonly OperatorDelta[]): void;
  open(start: ProgramStart): Promise<void>;
  /** After `applyState` on an open program; false if it cannot and has to be built anew. */
  catchUp(start: ProgramStart): Promise<boolean>;
  /** The clock of the version that begins. Runs timers that are due; true if any ran. */
  advanceTime(processingTime: number): boolean;
  processFrame(frame: Frame): void;
  /** A frame of the run before: its records only. */
  processInherited(frame: Frame): void;
  processHint(hint: WatermarkHint): void;
  processRecords(shardId: string, records: readonly PushedRecord[]): void;
  /** Reads what a polled source has, at most about as much as the budget says; false if it has ended. */
  poll(budget: PollBudget): Promise<boolean>;
  /** Nothing follows in the shard. */
  endShard(shardId: string): void;
  /** Takes part in a change of the shards; done already, it changes nothing. */
  reshard(change: ShardChange): void;
  /** Nothing follows in any shard of the source, also in those of which it has not heard yet. */
  endInput(): void;
  /** Between records, where asynchronous work may be done: buffers of sinks go out. */
  settle(): Promise<void>;
  /** True once every channel or shard has ended. */
  readonly inputEnded: boolean;
  /**
   * How far the event time of what it reads has come; undefined if that is not known, or all of it is idle or
   * over. Unit: ms since the epoch.
   */
  readonly watermark?: number | undefined;
  /** After the end of the input, in the same version: operators finish, ends of channels are produced. */
  finish(): Promise<void>;
  collect(): Promise<ProgramChanges>;
  /** The whole state; between versions. */
  collectAll(): readonly OperatorDelta[];
  /** What all channels were told last; channels that were told nothing are absent. */
  outputWatermarks(): readonly OutputWatermark[];
  /** Unit: ms since the epoch; undefined if no timer waits. */
  nextTimer(): number | undefined;
  /** Performs effects that are in the log; may be repeated. */
  perform(intents: readonly SinkIntent[]): Promise<void>;
  close(): Promise<void>;
}
