/** One item of a subtask's log, as stores see it: the fields that decisions need, and a payload. */

/**
 * `data` holds what a batch did; `epoch` and `seal` are headless: appended by a coordinator without running
 * the subtask; `genesis` is version 1 of a run that continues another one.
 */
export type LogItemKind = 'data' | 'epoch' | 'seal' | 'genesis';

/** Payload in the item itself, or in an object that was stored before the item. */
export type LogPayload =
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'spilled';
      /** Name of the object; holds the nonce of the writer. */
      readonly key: string;
      readonly length: number;
      /** Hex. */
      readonly sha256: string;
    };

export interface LogItem {
  /** From 1, dense. */
  readonly version: number;
  /** Nonce of the attempt that wrote it: equal nonces mean the same write. */
  readonly writer: string;
  readonly kind: LogItemKind;
  /** `finished`: everything is consumed and everything is sent; `savepoint`: the run was stopped. */
  readonly seal?: 'savepoint' | 'finished';
  /** Never lower than that of the version before. */
  readonly epoch: number;
  /** Every outbox of a version up to this one has been acknowledged by its target. */
  readonly sentThrough: number;
  /** Processing-time clock of the subtask, never lower than before. Unit: ms since the epoch. */
  readonly processingTime: number;
  /** Hash of plan and code of the run. */
  readonly code: string;
  /** Earliest processing time at which the subtask has something to do; undefined if never. */
  readonly due: number | undefined;
  /** In-flight records taken over by a restore that still wait to be consumed. */
  readonly inboxPending: boolean;
  readonly payload: LogPayload;
}

/** Where the state of a subtask up to a version lies. */
export interface BaseRecord {
  readonly version: number;
  /** Name of the object that describes the base. */
  readonly manifest: string;
  /** Items through this version are archived as segments: their slots may be used again. */
  readonly archivedThrough: number;
}
