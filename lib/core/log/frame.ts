/** Frames: what travels from one subtask to another, many records at once. */

/** A record with its key group, so that in-flight records can be re-routed when a job is rescaled. */
export interface FrameRecord {
  /** Key group of the record at the receiver; -1 on edges that are not keyed. */
  readonly keyGroup: number;
  readonly value: unknown;
  /** NO_TIMESTAMP for a record without one. Unit: ms since the epoch. */
  readonly timestamp: number;
}

/** Records behind one state of the channel; the change of watermark or status takes effect before them. */
export interface FrameRun {
  /** Watermark of the channel in force before these records. Unit: ms since the epoch. */
  readonly watermark: number;
  readonly idle: boolean;
  readonly records: readonly FrameRecord[];
}

/** A versioned frame of a channel. Its identity is (run, upstream, target, cseq). */
export interface Frame {
  readonly kind: 'frame';
  readonly run: string;
  /** `vertex/subtask` of the sender. */
  readonly upstream: string;
  /** `vertex/subtask` of the receiver. */
  readonly target: string;
  /** Edge of the job graph: a vertex may be joined to another by several. */
  readonly edge: string;
  /** Dense per channel, from 1. */
  readonly cseq: number;
  /** Version of the sender that produced it. */
  readonly version: number;
  readonly epoch: number;
  readonly endOfInput: boolean;
  readonly runs: readonly FrameRun[];
}

/** A watermark without a record: unversioned, may be lost, takes effect only behind the frame `afterCseq`. */
export interface WatermarkHint {
  readonly kind: 'hint';
  readonly run: string;
  readonly upstream: string;
  readonly target: string;
  readonly edge: string;
  readonly afterCseq: number;
  /** Unit: ms since the epoch. */
  readonly watermark: number;
  readonly idle: boolean;
}
