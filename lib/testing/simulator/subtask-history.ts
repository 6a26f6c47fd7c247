import { SubtaskFold } from '../../coordinator/subtask-fold.ts';
import type { EntryPayload } from '../../core/log/entry-payload.ts';
import type { BaseRecord, LogItem } from '../../core/log/log-item.ts';
import type { SubtaskId } from '../../core/log/subtask-id.ts';

/** An item that was accepted, with what it says. */
export interface AcceptedItem {
  readonly item: LogItem;
  readonly payload: EntryPayload;
}

/** Everything that was ever accepted for one subtask, also what the ring has overwritten since. */
export class SubtaskHistory {
  readonly id: SubtaskId;
  /** At the last version. */
  readonly fold = new SubtaskFold();
  readonly items: AcceptedItem[] = [];
  base: BaseRecord | undefined;
  /** Names of the objects that the base needs. */
  baseObjects: readonly string[] = [];
  /** The outboxes of all versions up to this one are known to have been delivered. */
  deliveredThrough = 0;

  constructor(id: SubtaskId) {
    this.id = id;
  }

  get head(): AcceptedItem | undefined {
    return this.items.at(-1);
  }

  add(item: LogItem, payload: EntryPayload): void {
    this.items.push({ item, payload });
    this.fold.apply(item, payload);
  }

  /** What the subtask was at an earlier version. */
  at(version: number): SubtaskFold {
    const fold = new SubtaskFold();
    for (const { item, payload } of this.items.slice(0, version)) fold.apply(item, payload);
    return fold;
  }
}
