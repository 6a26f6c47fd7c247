/** Self-contained data of one operator of one subtask: what a restore needs. */

import type { Namespace } from '../core/log/state-delta.ts';

/** One entry of keyed state or one timer set is addressed by its key; the key group follows from it. */
export interface KeyedEntry {
  readonly key: unknown;
  /** Window namespace `[start, end]`, or undefined. */
  readonly namespace: Namespace | undefined;
  readonly value: unknown;
}

export interface KeyedStateSnapshot {
  readonly name: string;
  readonly kind: 'value' | 'list' | 'map' | 'reducing' | 'aggregating';
  readonly entries: readonly KeyedEntry[];
}

export interface TimerSnapshot {
  readonly key: unknown;
  readonly namespace: Namespace;
  /** Unit: ms since the epoch. */
  readonly time: number;
}

export interface OperatorSnapshot {
  readonly uid: string | undefined;
  readonly keyed: readonly KeyedStateSnapshot[];
  readonly eventTimers: readonly TimerSnapshot[];
  readonly processingTimers: readonly TimerSnapshot[];
  /** Current watermark of the operator. Unit: ms since the epoch. */
  readonly watermark: number;
  /** State of the operator itself, not of keys: for example source splits or generator state. */
  readonly operatorState: Readonly<Record<string, unknown>>;
}
