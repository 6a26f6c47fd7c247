/**
 * The raw operator interface: what every operator of a chain is to its neighbours and to its task.
 *
 * A record is a value and a timestamp, passed as two arguments; an operator pushes into the `Input` behind
 * it. Operators of a chain call each other directly, synchronously and in order.
 */
import type { StateScope } from '../core/connector.ts';
import type { Counter } from '../core/functions/rich-function.ts';
import type { OperatorDelta } from '../core/log/state-delta.ts';
import type { ErrorPolicy } from '../graph/operator-spec.ts';
import type { KeyedRowSource } from './state/keyed-row-source.ts';

/** The receiving side of an operator (or of an exchange, or of a test's output). */
export interface Input {
  /** `timestamp` is NO_TIMESTAMP for a record without one. Unit: ms since the epoch. */
  processElement(value: unknown, timestamp: number): void;
  /** Never lower than the one before. Unit: ms since the epoch. */
  processWatermark(watermark: number): void;
  processWatermarkStatus(idle: boolean): void;
  /**
   * The watermark that an operator has seen here, as its state remembers it. Unit: ms since the epoch.
   * @default - it remembers none
   */
  readonly reached?: number | undefined;
}

/** How messages name an operator. */
export interface OperatorIdentity {
  readonly operatorName: string;
  readonly operatorUid: string | undefined;
  /** Line of user code that made the operator. */
  readonly location: string;
  /** What happens to a record on which this operator's user code throws. */
  readonly onError: ErrorPolicy;
}

/**
 * Names the operator whose user code runs, so that an exception can be attributed without a try per record.
 */
export interface UserCodeCursor {
  operator: OperatorIdentity | undefined;
}

/** `look`: looks from time to time whether something has changed; nobody has to wake only for that. */
export type CallbackKind = 'timer' | 'look';

/** Processing time of a subtask: one clock, one pending callback per operator. Unit: ms since the epoch. */
export interface ProcessingTimeService {
  now(): number;
  /** Asks for `callback(time)` once the clock has reached `time`. @default kind 'timer' */
  schedule(time: number, callback: (time: number) => void, kind?: CallbackKind): ScheduledCallback;
}

export interface ScheduledCallback {
  cancel(): void;
}

/** What an operator gets from its task. One per operator and subtask. */
export interface OperatorContext extends OperatorIdentity {
  readonly jobName: string;
  readonly subtask: number;
  readonly parallelism: number;
  readonly maxParallelism: number;
  /** Main output. */
  readonly output: Input;
  /** Where records of a side output go; undefined if nobody reads it. */
  sideOutput(tagId: string): Input | undefined;
  readonly processingTime: ProcessingTimeService;
  readonly cursor: UserCodeCursor;
  counter(name: string): Counter;
  /** Set only while records are dead-lettered on error: every change is recorded so that it can be undone. */
  readonly journal: Journal | undefined;
  /** True in test harnesses: values read from state are frozen, so that a change without update fails. */
  readonly freezeState: boolean;
  /** How deltas name the operator: its uid, or `#` and the number of its node where it has none. */
  readonly stateId: string;
  /** True if changes of state are remembered until they are collected; it costs a little for each write. */
  readonly trackChanges: boolean;
  /** Where keys are read from if keyed state is kept in a table; it needs tracked changes. */
  readonly keyedRows?: KeyedRowSource | undefined;
}

/** Undo log of the record being processed. */
export interface Journal {
  /** Remembers how to undo a change that has just been made. */
  record(undo: () => void): void;
  /** Runs `action` once the record is known to succeed: for everything that leaves the subtask. */
  defer(action: () => void): void;
}

/** One operator of a subtask. */
export interface Operator {
  /** Input 0, and input 1 for two-input operators. */
  readonly inputs: readonly [Input] | readonly [Input, Input];
  /** Before the first record, after the last `applyState` of a restore. */
  open(): void | Promise<void>;
  /** Between batches: emit what need not be emitted per record, such as periodic watermarks. */
  endBatch?(): void;
  /** After the final watermark of a bounded input and before close. */
  finish?(): void | Promise<void>;
  /** Always called, also after a failure. */
  close(): void | Promise<void>;
  /**
   * State, timers and watermark: all there is, or what has changed since changes were last collected or
   * applied. Collecting changes forgets them; collecting everything does not.
   *
   * Keyed state that is in a table is told as changes only: all of it is there.
   *
   * What it answers may be live state: it holds good only until the operator runs again.
   * Throws InvariantError for changes unless the context tracks them.
   */
  collectState(scope: StateScope): OperatorDelta;
  /**
   * Takes changes in, which do not count as changes of this operator. Before `open` any number of times in
   * the order in which they were made, and on an open operator between batches.
   *
   * May keep the values of the delta. Throws UserError STATE_INCOMPATIBLE for state of another kind.
   */
  applyState(delta: OperatorDelta): void;
}
