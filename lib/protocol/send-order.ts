/**
 * When outboxes are sent and what the log says about it.
 *
 * 1. (I4) A version is put only when the outboxes of all versions before it are acknowledged.
 * 2. (I4) A version without an outbox has nothing that could be missing: it says that all is sent.
 * 3. (I5) Whatever is not known to be acknowledged is sent again, with the same bytes.
 */

/** What is known about the outboxes of a log. */
export interface SendState {
  readonly version: number;
  /** Every outbox of a version up to this one is acknowledged. */
  readonly acknowledgedThrough: number;
}

export function mayPutData({ version, acknowledgedThrough }: SendState): boolean {
  return acknowledgedThrough >= version;
}

/** `sentThrough` of the item that follows `head`, put under `mayPutData`. */
export function sentThroughOf({ version }: SendState, outboxFrames: number): number {
  return outboxFrames > 0 ? version : version + 1;
}

export function mustResend(version: number, acknowledgedThrough: number): boolean {
  return version > acknowledgedThrough;
}

/** False if the stream took the record for somebody else: it was resharded. */
export function deliveredAsMeant(target: string, deliveredTo: string): boolean {
  return target === deliveredTo;
}
