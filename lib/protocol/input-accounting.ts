/**
 * Which records of a stream are done with.
 *
 * 1. (I7) A position moves only in the version that consumed or parked everything up to it.
 * 2. (I8) A record is reported as processed only if a committed version has passed it and every outbox up to
 *    that version is acknowledged.
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
  /** Every outbox of the committed versions is acknowledged. */
  readonly acknowledged: boolean;
  /** User code has seen the record, committed or not. */
  readonly attempted: boolean;
}

export function isProcessed({ sequenceNumber, committed, acknowledged }: RecordFate): boolean {
  return acknowledged && isConsumed(sequenceNumber, committed);
}
