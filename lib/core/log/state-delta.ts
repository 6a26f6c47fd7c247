/**
 * State of operators as self-contained data: what an entry of a subtask's log says that has changed, and
 * what a base says that there is.
 *
 * Every change is absolute: it says what a place holds now, never what was added. Applying a delta twice, or
 * a whole base to an empty operator, gives the same state. Order matters only within one place.
 */
import type { StateKind } from '../state.ts';

/** `undefined` for plain keyed state; `[start, end]` for a TimeWindow; 'global' for the GlobalWindow. */
export type Namespace = undefined | 'global' | readonly [number, number];

/**
 * What one place of keyed state holds now.
 *
 * A place is (key, namespace) for value, reducing and aggregating state; (key, namespace, user key) for map
 * state; (key, namespace, number of the chunk) for list state, whose chunks hold `LIMITS.stateListChunk`
 * elements each but the last, so that an append writes one chunk.
 */
export type KeyedChange =
  | {
      readonly op: 'put';
      readonly key: unknown;
      readonly namespace: Namespace;
      /** User key (map) or number of the chunk, from 0 (list); else undefined. */
      readonly part: unknown;
      readonly value: unknown;
    }
  /** One user key of a map is gone, or a chunk of a list and all behind it. */
  | { readonly op: 'remove'; readonly key: unknown; readonly namespace: Namespace; readonly part: unknown }
  /** Nothing is left under (key, namespace). May be followed by a `put` for the same place. */
  | { readonly op: 'clear'; readonly key: unknown; readonly namespace: Namespace };

export interface KeyedStateDelta {
  readonly name: string;
  readonly kind: StateKind;
  readonly changes: readonly KeyedChange[];
}

export interface TimerChange {
  readonly op: 'add' | 'remove';
  readonly domain: 'event' | 'processing';
  readonly key: unknown;
  readonly namespace: Namespace;
  /** Unit: ms since the epoch. */
  readonly time: number;
}

/**
 * How operator state is spread when a job is restored with another parallelism: `split` part by part over
 * the subtasks, `union` everything to every subtask, `broadcast` the same map to every subtask, `subtask`
 * not at all (it describes this very subtask and is dropped).
 */
export type Redistribution = 'split' | 'union' | 'broadcast' | 'subtask';

/** State of the operator itself, not of keys: named maps from a part to a value. */
export interface OperatorStateDelta {
  readonly name: string;
  readonly redistribution: Redistribution;
  readonly changes: readonly OperatorStateChange[];
}

export type OperatorStateChange =
  | { readonly op: 'put'; readonly part: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly part: string }
  | { readonly op: 'clear' };

/** A watermark that key groups had reached before a restore; both ends inclusive. */
export interface KeyGroupWatermark {
  readonly firstKeyGroup: number;
  readonly lastKeyGroup: number;
  /** Unit: ms since the epoch. */
  readonly watermark: number;
}

/** What has changed in one operator of one subtask; absent fields have not. */
export interface OperatorDelta {
  /** uid of the operator, or `#` and its number in the plan where it has none. */
  readonly operator: string;
  readonly keyed: readonly KeyedStateDelta[];
  /** In the order in which timers of the same time are to fire. */
  readonly timers: readonly TimerChange[];
  readonly states: readonly OperatorStateDelta[];
  /** Watermark of the operator. Unit: ms since the epoch. */
  readonly watermark: number | undefined;
  /** Restored watermarks of key groups which the operator's own has not passed yet; replaces all former. */
  readonly keyGroupWatermarks: readonly KeyGroupWatermark[] | undefined;
}
