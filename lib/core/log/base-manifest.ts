/** What the object of a base says: everything that a subtask is at one version, without reading its log. */
import type { ChannelWatermark, Inbox, OutgoingFrame, SinkIntent } from './entry-payload.ts';
import type { Frame } from './frame.ts';

/** An object that holds a share of the state, encoded as a state chunk. */
export interface ChunkRef {
  readonly name: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

/** An object that holds log items verbatim; both ends inclusive. */
export interface SegmentRef {
  readonly name: string;
  readonly fromVersion: number;
  readonly toVersion: number;
}

/** What a version sent and whose acknowledgement the log did not know at the version of the base. */
export interface UnsentOutbox {
  readonly version: number;
  readonly frames: readonly OutgoingFrame[];
}

export interface BaseManifest {
  readonly version: number;
  /** Fields of the log item of that version, named as in LogItem. */
  readonly epoch: number;
  readonly sentThrough: number;
  readonly processingTime: number;
  readonly code: string;
  readonly due: number | undefined;
  /** Applied in order; of a place that is in several the last one holds. */
  readonly chunks: readonly ChunkRef[];
  /** In order of their versions, without gaps, as far back as anybody may still ask. */
  readonly segments: readonly SegmentRef[];
  /** As in EntryPayload, but all and not only the changed ones. */
  readonly positions: Readonly<Record<string, string>>;
  readonly consumed: Readonly<Record<string, number>>;
  readonly watermarks: Readonly<Record<string, ChannelWatermark>>;
  readonly produced: Readonly<Record<string, number>>;
  readonly parked: readonly Frame[];
  readonly inbox: Inbox | undefined;
  /** Number of frames of the inbox consumed so far. */
  readonly inboxConsumed: number;
  /** Outboxes of the versions after `sentThrough`, in order. */
  readonly unsent: readonly UnsentOutbox[];
  /** Intents that have not been performed yet, in order. */
  readonly intents: readonly SinkIntent[];
}
