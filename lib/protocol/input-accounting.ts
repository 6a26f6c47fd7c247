/**
 * Which records of a stream are done with.
 *
 * 1. (I7) A position moves only in the version that consumed or parked everything up to it.
 * 2. (I8) A record is reported as processed only if a committed version has passed it and every outbox up to
 *    that version is acknowledged.
 * 3. (I13) No version follows the finished seal: what was consumed before is processed without a position.
 */
import { compareSequenceNumbers } from './sequence-number.ts';

/** True if the position of a shard has passed the record. */
export function isConsumed(sequenceNumber: string, position: string | undefined): boolean {
  return position !== undefined && compareSequenceNumbers(sequenceNumber, position) <= 0;
}

/** What is known about one record at the end of an invocation. */
export interface RecordFate {
  readonly sequenceNumber: string;
  /** Position of its shard in the last committed version. */
  readonly committed: string | undefined;
  /** The log is finished, and what the record says was consumed before or is not for it. */
  readonly repeated: boolean;
  /** Every outbox of the committed versions is acknowledged. */
  readonly acknowledged: boolean;
  /** User code has seen the record, committed or not. */
  readonly attempted: boolean;
}

export function isProcessed({ sequenceNumber, committed, repeated, acknowledged }: RecordFate): boolean {
  return acknowledged && (repeated || isConsumed(sequenceNumber, committed));
}

/** What an invocation may tell the stream: after a failure never that all is well. */
export function isSuccess(end: { readonly failed: boolean; readonly unprocessed: boolean }): boolean {
  return !end.failed && !end.unprocessed;
}
