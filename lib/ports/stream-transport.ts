/** The way of frames from one subtask to another: at least once, in no certain order, bounded retention. */
export interface StreamTransport {
  /**
   * Sends records of any targets in one call. The answer has one outcome per record, in the same order;
   * failed ones may be sent again. Throws RetryableError IO_FAILED when nothing is known.
   */
  send(records: readonly OutgoingRecord[]): Promise<readonly SendOutcome[]>;
}

export interface OutgoingRecord {
  /** Id of the run. */
  readonly run: string;
  /** `vertex/subtask`. */
  readonly target: string;
  readonly bytes: Uint8Array;
}

export type SendOutcome =
  | {
      readonly kind: 'sent';
      /** `vertex/subtask` whose shard took the record: not the target only if a stream was resharded. */
      readonly deliveredTo: string;
      readonly sequenceNumber: string;
    }
  | { readonly kind: 'failed'; readonly reason: string };
