import type { BaseRecord, LogItem } from '../../core/log/log-item.ts';
import { type SubtaskId, subtaskPath } from '../../core/log/subtask-id.ts';
import type { AppendResult, GroupLog, LogScan } from '../../ports/subtask-log.ts';

interface SubtaskSlots {
  readonly run: string;
  /** By version mod ring size. */
  readonly slots: Map<number, LogItem>;
  base: BaseRecord | undefined;
}

/** Logs in memory: they live as long as this object. Bytes are copied on their way in and out. */
export class MemorySubtaskLog implements GroupLog {
  readonly ringSize: number;
  readonly #subtasks = new Map<string, SubtaskSlots>();

  constructor(ringSize: number) {
    this.ringSize = ringSize;
  }

  async append(subtask: SubtaskId, item: LogItem): Promise<AppendResult> {
    return this.appendGroup([{ subtask, item }]);
  }

  async appendGroup(
    items: readonly { readonly subtask: SubtaskId; readonly item: LogItem }[],
  ): Promise<AppendResult> {
    const undo: (() => void)[] = [];
    for (const { subtask, item } of items) {
      const { slots } = this.#slotsOf(subtask);
      const slot = item.version % this.ringSize;
      const held = slots.get(slot);
      const expected = item.version > this.ringSize ? item.version - this.ringSize : undefined;
      if (held?.version !== expected) {
        for (const step of undo.reverse()) step();
        return { kind: 'refused', found: held && copyItem(held) };
      }
      undo.push(held ? () => slots.set(slot, held) : () => slots.delete(slot));
      slots.set(slot, copyItem(item));
    }
    return { kind: 'accepted' };
  }

  async readSlot(subtask: SubtaskId, version: number): Promise<LogItem | undefined> {
    const held = this.#held(subtask, version);
    return held && copyItem(held);
  }

  async readFrom(subtask: SubtaskId, fromVersion: number, limit: number): Promise<LogScan> {
    const items: LogItem[] = [];
    for (let version = fromVersion; items.length < limit; version++) {
      const held = this.#held(subtask, version);
      if (held === undefined || held.version < version) return { items, stop: 'head' };
      if (held.version > version) return { items, stop: 'overrun' };
      items.push(copyItem(held));
    }
    return { items, stop: 'limit' };
  }

  async readBase(subtask: SubtaskId): Promise<BaseRecord | undefined> {
    return this.#subtasks.get(subtaskPath(subtask))?.base;
  }

  async moveBase(subtask: SubtaskId, base: BaseRecord): Promise<boolean> {
    const state = this.#slotsOf(subtask);
    if (state.base !== undefined && state.base.version >= base.version) return false;
    state.base = { ...base };
    return true;
  }

  async deleteLog(subtask: SubtaskId): Promise<void> {
    this.#subtasks.delete(subtaskPath(subtask));
  }

  async deleteRun(run: string): Promise<void> {
    for (const [path, state] of this.#subtasks) {
      if (state.run === run) this.#subtasks.delete(path);
    }
  }

  #held(subtask: SubtaskId, version: number): LogItem | undefined {
    return this.#subtasks.get(subtaskPath(subtask))?.slots.get(version % this.ringSize);
  }

  #slotsOf(subtask: SubtaskId): SubtaskSlots {
    const path = subtaskPath(subtask);
    let state = this.#subtasks.get(path);
    if (state === undefined) {
      state = { run: subtask.run, slots: new Map(), base: undefined };
      this.#subtasks.set(path, state);
    }
    return state;
  }
}

function copyItem(item: LogItem): LogItem {
  const { payload } = item;
  if (payload.kind === 'spilled') return { ...item, payload: { ...payload } };
  return { ...item, payload: { kind: 'inline', bytes: new Uint8Array(payload.bytes) } };
}
