/** What the payload of a log item says: everything that one version of a subtask changed and produced. */
import type { Frame } from './frame.ts';
import type { OperatorDelta } from './state-delta.ts';

/** Watermark of an input channel. */
export interface ChannelWatermark {
  /** Unit: ms since the epoch. */
  readonly watermark: number;
  readonly idle: boolean;
  readonly ended: boolean;
}

/** A frame in the outbox, encoded once: every send of it has these bytes. */
export interface OutgoingFrame {
  /** `vertex/subtask` of the target in the same run. */
  readonly target: string;
  readonly cseq: number;
  readonly bytes: Uint8Array;
}

/** Stands for the dead letters of a subtask among the operators of its intents; no operator is named so. */
export const DEAD_LETTERS = '!dead-letters';

/** An external effect, performed once its version is in the log; performing it twice must do no harm. */
export interface SinkIntent {
  /** Operator that performs it, named as in OperatorDelta. */
  readonly operator: string;
  /** `lineage/run/vertex/subtask/version/index`: the same in every attempt. */
  readonly id: string;
  /** The sink's own committable. */
  readonly committable: unknown;
}

/** In-flight frames of the run before, re-routed to this subtask, in the order of each old channel. */
export interface Inbox {
  /** Names of the objects that hold them, in order. */
  readonly objects: readonly string[];
  readonly frames: number;
}

export interface EntryPayload {
  readonly operators: readonly OperatorDelta[];
  /** Last sequence number consumed, by external shard or own stream. Changed ones only. */
  readonly positions: Readonly<Record<string, string>>;
  /** Last cseq consumed, by upstream `vertex/subtask`. Changed ones only. */
  readonly consumed: Readonly<Record<string, number>>;
  /** By input channel: upstream `vertex/subtask`, `#` and the edge. Changed ones only. */
  readonly watermarks: Readonly<Record<string, ChannelWatermark>>;
  /** Last cseq produced, by target `vertex/subtask`. Changed ones only. */
  readonly produced: Readonly<Record<string, number>>;
  /** Frames that arrived ahead of a gap, added and no longer held. */
  readonly parked: {
    readonly added: readonly Frame[];
    readonly removed: readonly { readonly upstream: string; readonly cseq: number }[];
  };
  /** In-flight frames taken over by a restore; only in a genesis item, undefined if there are none. */
  readonly inbox: Inbox | undefined;
  /** Number of frames of the inbox consumed so far; undefined if this version consumed none. */
  readonly inboxConsumed: number | undefined;
  readonly outbox: readonly OutgoingFrame[];
  readonly intents: readonly SinkIntent[];
  /** Intents of earlier versions that have been performed. */
  readonly performed: readonly string[];
}
