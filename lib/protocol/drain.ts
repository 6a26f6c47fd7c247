/**
 * The end that a drain puts to the input of a source, wherever its shards stand.
 *
 * 1. It is one version of the log: what comes before it is consumed, what comes after it is not (I1, I7).
 * 2. Records behind the positions are neither consumed nor reported as processed (I8): they stay in their
 *    stream for a later run.
 * 3. It belongs to its run: a genesis takes over positions, not this mark.
 */
import type { ChannelWatermark } from '../core/log/entry-payload.ts';
import { MAX_WATERMARK, MIN_TIMESTAMP } from '../core/time.ts';
import { inputChannelKey } from './subtask-vectors.ts';

/** Where a source notes that it was drained: a channel that no shard has, also with no shard at all. */
export const DRAINED_INPUT = inputChannelKey('*', '');

/** What a channel says once nothing more comes of it. */
export const ENDED_INPUT: ChannelWatermark = { watermark: MAX_WATERMARK, idle: false, ended: true };

/** What a shard says that has come to be while the run goes on: nothing yet. */
export const OPENED_INPUT: ChannelWatermark = { watermark: MIN_TIMESTAMP, idle: false, ended: false };

/** The shards of which a source has noted that they have come to be, or ended. */
export function notedShards(watermarks: ReadonlyMap<string, ChannelWatermark>): readonly string[] {
  const ofShards = [...watermarks.keys()].filter((key) => key.endsWith('#') && key !== DRAINED_INPUT);
  return ofShards.map((key) => key.slice(0, -1));
}

/** True if these are the channels of a source that was drained. */
export function isDrained(watermarks: ReadonlyMap<string, ChannelWatermark>): boolean {
  return watermarks.get(DRAINED_INPUT)?.ended === true;
}
