import type { PlaceRow } from '../../core/log/keyed-row.ts';

/** What one operator of one subtask may have in memory between commits. */
export interface ResidencyLimits {
  readonly keysMax: number;
  /** Estimated. */
  readonly bytesMax: number;
}

/** Knows which keys are in memory. */
export interface ResidentKeys {
  /** Those of the keys of the next batch that are not in memory; the others stay there. */
  missingKeys(keys: Iterable<unknown>): readonly unknown[];
}

/** How far event time and processing time may come. Unit: ms since the epoch. */
export interface TimeReach {
  readonly watermark: number;
  readonly processingTime: number;
}

/** Knows which timers wait. */
export interface WaitingTimers {
  /** Keys of the timers that are due by then, some more than once. */
  dueKeys(reach: TimeReach): Iterable<unknown>;
}

/** Where an operator whose keyed state is in a table gets its keys from. */
export interface KeyedRowSource {
  /** All rows of a key, in order of their places. */
  readKey(key: unknown): readonly PlaceRow[];
  readonly limits: ResidencyLimits;
  /** More keys are in memory than should be; after a commit some can go. */
  full(): void;
  /** Called by the operator that it belongs to, before the first key is read. */
  attachKeys?(keys: ResidentKeys): void;
  /** As `attachKeys`. */
  attachTimers?(timers: WaitingTimers): void;
}
