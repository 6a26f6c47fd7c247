/**
 * The decisions of the protocol, one member each, so that a test can replace one and see that the simulator
 * notices. The runtime and the coordinator ask these members and never decide by themselves.
 *
 * What a member cannot express is taken out where it lives:
 *
 * - a log whose items are deleted, or whose condition is "the version does not exist": the log port
 * - reads of the log that are not consistent, a stale base record: the log port
 * - increments instead of absolute values: the deltas that a program collects
 * - an epoch or seal item that claims its predecessors sent: the log port changes `sentThrough` of the item
 * - a stream that is resharded, loses or reorders records: the transport port, with `deliveredAsMeant`
 * - acknowledgements that are counted: a checkpoint is decided by `mayDecideCheckpoint` alone
 * - no sweeper: the driver of the invocations does not start it
 * - an event source mapping that is used again without a seal: the driver of the invocations
 * - deletion of segments that a receiver may still ask for: `isGarbage`
 */
import type { LogItem } from '../core/log/log-item.ts';
import { mayReturnToCache, mayTouchOutside } from './cache-ownership.ts';
import { classifyFrame, keepsParkedFrames, mustPull } from './channel-sequence.ts';
import { type CoordinatorRules, PRODUCTION_COORDINATOR_RULES } from './coordinator-rules.ts';
import { epochOf } from './epoch.ts';
import { attemptNonce, identifyPut, isSpillOfAttempt, mayContend } from './fencing.ts';
import { isProcessed, isSuccess } from './input-accounting.ts';
import { mayTakeRows } from './keyed-version.ts';
import { processingTimeOf } from './processing-time.ts';
import { hasRoom, meaningOfScan, mustCompact } from './ring.ts';
import { acceptsRun, mayCommitCode } from './run-isolation.ts';
import { mayFinish, reactToSeal } from './seal.ts';
import { deliveredAsMeant, mayPutData, mustResend, sentThroughOf } from './send-order.ts';
import { inferSentThrough } from './sent-inference.ts';
import { mayApplyHint, mayHint } from './watermark-hint.ts';

export interface ProtocolRules extends CoordinatorRules {
  /** I2, I3: whether the slot of a version may be overwritten. */
  readonly hasRoom: typeof hasRoom;
  /** I3: whether a writer of batches folds its log before it goes on. */
  readonly mustCompact: typeof mustCompact;
  /** I2: what the end of a scan says; a slot of a later lap is never the head. */
  readonly meaningOfScan: typeof meaningOfScan;
  /** I1: whose item stands in a slot whose put was refused or has an unknown outcome. */
  readonly identifyPut: typeof identifyPut;
  /** The nonce of an attempt: another content has another nonce. */
  readonly attemptNonce: typeof attemptNonce;
  /** Whether an invocation that was refused so often tries again. */
  readonly mayContend: typeof mayContend;
  /** Whether the name of a spilled payload holds the nonce of its attempt. */
  readonly isSpillOfAttempt: typeof isSpillOfAttempt;
  /** I9: whether what an invocation leaves behind may be used by the next. */
  readonly mayReturnToCache: typeof mayReturnToCache;
  /** I9: whether an invocation may still touch the cache or the ports. */
  readonly mayTouchOutside: typeof mayTouchOutside;
  /** I9: whether values that user code reads from state are guarded against changes without an update. */
  readonly guardsStateValues: () => boolean;
  /** I4: whether a version with an outbox may be put. */
  readonly mayPutData: typeof mayPutData;
  /** I4: what an item says of the outboxes up to it. */
  readonly sentThroughOf: typeof sentThroughOf;
  /** I4, I5: whether the outbox of a version is sent again. */
  readonly mustResend: typeof mustResend;
  /** I5: whether an outbox is sent only once its version is in the log. */
  readonly sendsOnlyCommitted: () => boolean;
  /** I8: through which version a new batch proves that everything was acknowledged. */
  readonly inferSentThrough: typeof inferSentThrough;
  /** Whether a record reached the stream of its target. */
  readonly deliveredAsMeant: typeof deliveredAsMeant;
  /** I6: what happens to a frame. */
  readonly classifyFrame: typeof classifyFrame;
  /** I6, I7: whether frames ahead of a gap are kept in state. */
  readonly keepsParkedFrames: typeof keepsParkedFrames;
  /** Whether missing frames are fetched from the log of their sender. */
  readonly mustPull: typeof mustPull;
  /** I8: whether a record may be reported as processed. */
  readonly isProcessed: typeof isProcessed;
  /** I8: whether an invocation is a success for the stream. */
  readonly isSuccess: typeof isSuccess;
  /** I10: epoch of a version. */
  readonly epochOf: typeof epochOf;
  /** I13: what an invocation does with a sealed log. */
  readonly reactToSeal: typeof reactToSeal;
  /** I13: whether the finished seal may be put. */
  readonly mayFinish: typeof mayFinish;
  /** I14: whether a watermark without a record takes effect. */
  readonly mayApplyHint: typeof mayApplyHint;
  /** I14: whether a watermark may be told to others without a version. */
  readonly mayHint: typeof mayHint;
  /** I15: whether something that names a run is for this one. */
  readonly acceptsRun: typeof acceptsRun;
  /** Whether this code may commit to the log. */
  readonly mayCommitCode: typeof mayCommitCode;
  /** I9: whether the rows of a version go into the table of keyed state. */
  readonly writesRows: (version: number) => boolean;
  /** I9: whether a replica may go on from rows that it has read. */
  readonly mayTakeRows: typeof mayTakeRows;
  /** I16: whether external effects wait until their intent is in the log. */
  readonly performsOnlyCommitted: () => boolean;
  /** The processing time of a version, never lower than before. */
  readonly processingTimeOf: typeof processingTimeOf;
  /** Whether an inbox is consumed before the first frame of the stream. */
  readonly consumesInboxFirst: (inboxPending: boolean) => boolean;
  /** Whether a put that was lost only to these items may be repeated behind them as it is. */
  readonly mayRebase: (items: readonly Pick<LogItem, 'kind'>[]) => boolean;
}

export const PRODUCTION_RULES: ProtocolRules = Object.freeze({
  ...PRODUCTION_COORDINATOR_RULES,
  hasRoom,
  mustCompact,
  meaningOfScan,
  identifyPut,
  attemptNonce,
  mayContend,
  isSpillOfAttempt,
  mayReturnToCache,
  mayTouchOutside,
  guardsStateValues: () => true,
  mayPutData,
  sentThroughOf,
  mustResend,
  sendsOnlyCommitted: () => true,
  inferSentThrough,
  deliveredAsMeant,
  classifyFrame,
  keepsParkedFrames,
  mustPull,
  isProcessed,
  isSuccess,
  epochOf,
  reactToSeal,
  mayFinish,
  mayApplyHint,
  mayHint,
  acceptsRun,
  mayCommitCode,
  writesRows: () => true,
  mayTakeRows,
  performsOnlyCommitted: () => true,
  processingTimeOf,
  consumesInboxFirst: (inboxPending: boolean) => inboxPending,
  mayRebase: (items: readonly Pick<LogItem, 'kind'>[]) => items.every(({ kind }) => kind === 'epoch'),
});
