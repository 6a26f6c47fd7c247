import type { BaseRecord, LogItem } from '../core/log/log-item.ts';
import type { SubtaskId } from '../core/log/subtask-id.ts';

/** Outcome of a conditional append. */
export type AppendResult =
  | { readonly kind: 'accepted' }
  /** The slot holds something else; `found` is what, undefined if the slot is empty. */
  | { readonly kind: 'refused'; readonly found: LogItem | undefined };

/**
 * The logs of all subtasks: rings of `ringSize` slots, slot = version mod ringSize. Nothing is ever deleted
 * while a run is live; reads are strongly consistent.
 *
 * Throws RetryableError IO_FAILED when an outcome is unknown: the item may or may not be in the log.
 */
export interface SubtaskLog {
  readonly ringSize: number;
  /**
   * Puts `item` into its slot iff the slot holds version - ringSize (an empty slot counts for the first lap
   * only).
   */
  append(subtask: SubtaskId, item: LogItem): Promise<AppendResult>;
  /** What the slot of `version` holds now: that version, one of another lap, or nothing. */
  readSlot(subtask: SubtaskId, version: number): Promise<LogItem | undefined>;
  /**
   * The slots of `fromVersion`, `fromVersion` + 1 … as long as each holds the version expected, at most
   * `limit`; then the first slot that does not, which says whether the head was reached (an older version or
   * undefined) or the reader was overrun (a newer one).
   */
  readFrom(subtask: SubtaskId, fromVersion: number, limit: number): Promise<LogScan>;
  readBase(subtask: SubtaskId): Promise<BaseRecord | undefined>;
  /**
   * Moves the base forward; false if it stands at or ahead of `base.version` in the store already. A store
   * may then give back the payloads of the items it has archived: `readFrom` says `overrun` at such an item,
   * and `readSlot` and refusals show it with an empty payload.
   */
  moveBase(subtask: SubtaskId, base: BaseRecord): Promise<boolean>;
  /** Removes log and base of a subtask whose run is over; repeating it does no harm. */
  deleteLog(subtask: SubtaskId): Promise<void>;
}

export interface LogScan {
  readonly items: readonly LogItem[];
  readonly stop: 'limit' | 'head' | 'overrun';
}

/** A log on this machine, which can append for several subtasks at once: all or nothing. */
export interface GroupLog extends SubtaskLog {
  appendGroup(
    items: readonly { readonly subtask: SubtaskId; readonly item: LogItem }[],
  ): Promise<AppendResult>;
  /** As `deleteLog`, of all subtasks of a run. */
  deleteRun(run: string): Promise<void>;
}
