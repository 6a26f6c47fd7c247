/**
 * The logs of all subtasks, as the service keeps them: rings, every call atomic.
 *
 * It is the one place where items are accepted, so it tells its observer of each.
 */
import { voidPayload } from '../../coordinator/subtask-fold.ts';
import { encodeEntry } from '../../core/codec/entry-codec.ts';
import type { BaseRecord, LogItem } from '../../core/log/log-item.ts';
import { type SubtaskId, subtaskPath } from '../../core/log/subtask-id.ts';
import type { AppendResult, LogScan } from '../../ports/subtask-log.ts';

/** Is told of everything that becomes part of a log; throws if it must not. */
export interface LogObserver {
  accepted(subtask: SubtaskId, item: LogItem, overwritten: LogItem | undefined): void;
  baseMoved(subtask: SubtaskId, base: BaseRecord): void;
  /** Another item has the place of this one. */
  refused(subtask: SubtaskId, item: LogItem): void;
}

/** How a log may break its contract, for mutants. */
export interface LogDefects {
  /** Absence means free, and items behind the base are deleted: a log without a ring. */
  readonly deletesItems: boolean;
  /** Reads may miss the latest items. */
  readonly staleReads: boolean;
}

export const NO_LOG_DEFECTS: LogDefects = Object.freeze({ deletesItems: false, staleReads: false });

interface Ring {
  readonly subtask: SubtaskId;
  readonly slots: Map<number, LogItem>;
  base: BaseRecord | undefined;
  head: number;
}

export class LogService {
  readonly ringSize: number;
  readonly #defects: LogDefects;
  readonly #observer: LogObserver;
  readonly #rings = new Map<string, Ring>();

  constructor(ringSize: number, observer: LogObserver, defects: LogDefects = NO_LOG_DEFECTS) {
    this.ringSize = ringSize;
    this.#observer = observer;
    this.#defects = defects;
  }

  append(subtask: SubtaskId, item: LogItem): AppendResult {
    const ring = this.#ringOf(subtask);
    const slot = this.#slotOf(item.version);
    const held = ring.slots.get(slot);
    if (!this.#isFree(held, item.version)) {
      if (held?.writer !== item.writer) this.#observer.refused(subtask, item);
      return { kind: 'refused', found: held };
    }
    ring.slots.set(slot, item);
    ring.head = Math.max(ring.head, item.version);
    this.#observer.accepted(subtask, item, held);
    return { kind: 'accepted' };
  }

  #isFree(held: LogItem | undefined, version: number): boolean {
    if (this.#defects.deletesItems || version <= this.ringSize) return held === undefined;
    return held?.version === version - this.ringSize;
  }

  #slotOf(version: number): number {
    return this.#defects.deletesItems ? version : version % this.ringSize;
  }

  /** An item that changes nothing takes the next place, if there is one: somebody else was faster. */
  contend(subtask: SubtaskId): void {
    const ring = this.#ringOf(subtask);
    const head = this.readSlot(subtask, ring.head);
    if (head === undefined || head.kind === 'seal') return;
    const version = head.version + 1;
    const covered = Math.min(ring.base?.version ?? 0, ring.base?.archivedThrough ?? 0);
    if (version - this.ringSize > covered) return;
    const payload = { kind: 'inline', bytes: encodeEntry(voidPayload()) } as const;
    this.append(subtask, { ...head, version, kind: 'epoch', writer: `contender.${version}`, payload });
  }

  readSlot(subtask: SubtaskId, version: number): LogItem | undefined {
    return this.#ringOf(subtask).slots.get(this.#slotOf(version));
  }

  /** `behind`: so many of the latest items a stale read does not see. */
  readFrom(subtask: SubtaskId, fromVersion: number, limit: number, behind = 0): LogScan {
    const ring = this.#ringOf(subtask);
    const visible = this.#defects.staleReads ? ring.head - behind : ring.head;
    const items: LogItem[] = [];
    for (let version = fromVersion; items.length < limit; version++) {
      const held = ring.slots.get(this.#slotOf(version));
      if (held === undefined || held.version < version || version > visible) return { items, stop: 'head' };
      if (held.version > version) return { items, stop: 'overrun' };
      items.push(held);
    }
    return { items, stop: 'limit' };
  }

  readBase(subtask: SubtaskId): BaseRecord | undefined {
    return this.#ringOf(subtask).base;
  }

  moveBase(subtask: SubtaskId, base: BaseRecord): boolean {
    const ring = this.#ringOf(subtask);
    if (ring.base !== undefined && ring.base.version >= base.version) return false;
    ring.base = base;
    if (this.#defects.deletesItems) {
      for (const version of ring.slots.keys()) if (version < base.archivedThrough) ring.slots.delete(version);
    }
    this.#observer.baseMoved(subtask, base);
    return true;
  }

  deleteLog(subtask: SubtaskId): void {
    this.#rings.delete(subtaskPath(subtask));
  }

  #ringOf(subtask: SubtaskId): Ring {
    const path = subtaskPath(subtask);
    let ring = this.#rings.get(path);
    if (ring === undefined) {
      ring = { subtask, slots: new Map(), base: undefined, head: 0 };
      this.#rings.set(path, ring);
    }
    return ring;
  }
}
