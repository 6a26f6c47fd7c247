/**
 * What a batch proves about outboxes: a stream goes on behind a record only after an invocation has reported
 * it as processed, and that is only reported once everything up to it is acknowledged (I8).
 */
import { compareSequenceNumbers } from './sequence-number.ts';

/** A version whose outbox is not known to be acknowledged. */
export interface UnsentVersion {
  readonly version: number;
  /** The positions that the version moved. */
  readonly positions: Readonly<Record<string, string>>;
}

/**
 * The highest of the versions through which everything is acknowledged; 0 if nothing is proved. `first` is
 * the first sequence number of the batch in each shard.
 */
export function inferSentThrough(
  unsent: readonly UnsentVersion[],
  first: Readonly<Record<string, string>>,
): number {
  let proved = 0;
  for (const { version, positions } of unsent) {
    for (const [shard, start] of Object.entries(first)) {
      const position = positions[shard];
      if (position !== undefined && compareSequenceNumbers(start, position) > 0) proved = version;
    }
  }
  return proved;
}
