import type { PlaceRow } from '../../core/log/keyed-row.ts';

/** What one operator of one subtask may have in memory between commits. */
export interface ResidencyLimits {
  readonly keysMax: number;
  /** Estimated. */
  readonly bytesMax: number;
}

/** Where an operator whose keyed state is in a table gets its keys from. */
export interface KeyedRowSource {
  /** All rows of a key, in order of their places. */
  readKey(key: unknown): readonly PlaceRow[];
  readonly limits: ResidencyLimits;
  /** More keys are in memory than should be; after a commit some can go. */
  full(): void;
}
