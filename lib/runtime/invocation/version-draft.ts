/**
 * What the next version of a subtask will say, while it is being made: an overlay over the vectors.
 *
 * 1. (I7) A position moves here only together with the frames that stand before it.
 * 2. Nothing of it depends on the number of the version: a draft that lost to items of a coordinator is put
 *    behind them as it is.
 */
import type { ChannelWatermark } from '../../core/log/entry-payload.ts';
import type { Frame } from '../../core/log/frame.ts';
import { parkedKey, type SubtaskVectors } from '../../protocol/subtask-vectors.ts';
import type { ProgramChanges } from './subtask-program.ts';

const NO_CHANGES: ProgramChanges = { operators: [], frames: [], effects: [], watermarks: [] };

export class VersionDraft {
  readonly vectors: SubtaskVectors;
  /** Unit: ms since the epoch. */
  readonly processingTime: number;
  readonly positions = new Map<string, string>();
  readonly consumed = new Map<string, number>();
  readonly watermarks = new Map<string, ChannelWatermark>();
  /** By `parkedKey`. */
  readonly parkedAdded = new Map<string, Frame>();
  readonly parkedRemoved = new Map<string, { readonly upstream: string; readonly cseq: number }>();
  /** Epochs of the frames consumed. */
  readonly epochs: number[] = [];
  /** From other vertices, those of the run before too. */
  recordsReceived = 0;
  inboxConsumed: number | undefined;
  performed: readonly string[] = [];
  changes: ProgramChanges = NO_CHANGES;
  /** Unit: ms since the epoch. */
  nextTimer: number | undefined;
  /** Every channel or shard has ended: what follows is the finished seal. */
  inputEnded = false;
  /** The subtask has to look for input itself: it wants to be invoked at every sweep. */
  polls = false;
  /** The version is the finished seal. */
  finishes = false;

  constructor(vectors: SubtaskVectors, processingTime: number) {
    this.vectors = vectors;
    this.processingTime = processingTime;
    this.nextTimer = vectors.due;
  }

  consumedOf(upstream: string): number {
    return this.consumed.get(upstream) ?? this.vectors.consumed.get(upstream) ?? 0;
  }

  positionOf(shardId: string): string | undefined {
    return this.positions.get(shardId) ?? this.vectors.positions.get(shardId);
  }

  watermarkOf(channel: string): ChannelWatermark | undefined {
    return this.watermarks.get(channel) ?? this.vectors.watermarks.get(channel);
  }

  park(frame: Frame): void {
    this.parkedAdded.set(parkedKey(frame), frame);
  }

  parked(upstream: string, cseq: number): Frame | undefined {
    const key = parkedKey({ upstream, cseq });
    if (this.parkedRemoved.has(key)) return undefined;
    return this.parkedAdded.get(key) ?? this.vectors.parked.get(key);
  }

  /** Takes a frame out of the parked ones. */
  unpark({ upstream, cseq }: Frame): void {
    const key = parkedKey({ upstream, cseq });
    if (!this.parkedAdded.delete(key)) this.parkedRemoved.set(key, { upstream, cseq });
  }

  /** The parked frames, in the order in which they came. */
  allParked(): readonly Frame[] {
    const kept = [...this.vectors.parked].filter(([key]) => !this.parkedRemoved.has(key));
    return [...kept.map(([, frame]) => frame), ...this.parkedAdded.values()];
  }

  /** True if the version would say nothing. */
  get isEmpty(): boolean {
    const { operators, frames, effects, watermarks } = this.changes;
    return (
      !this.finishes &&
      this.inboxConsumed === undefined &&
      [operators, frames, effects, watermarks, this.performed].every((list) => list.length === 0) &&
      [this.positions, this.consumed, this.watermarks, this.parkedAdded, this.parkedRemoved].every(
        (map) => map.size === 0,
      )
    );
  }
}
