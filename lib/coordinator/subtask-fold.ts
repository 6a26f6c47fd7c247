/**
 * Everything that a subtask is at one version, as the fold of its base and its log items (I9). Pure.
 *
 * Items are applied in the order of their versions, without gaps; every field but the lists of what waits
 * (parked, unsent, intents) is absolute.
 */
import { InvariantError } from '../core/errors.ts';
import type { BaseManifest, ChunkRef, SegmentRef } from '../core/log/base-manifest.ts';
import type { ChannelWatermark, EntryPayload, Inbox, SinkIntent } from '../core/log/entry-payload.ts';
import type { Frame } from '../core/log/frame.ts';
import type { LogItem } from '../core/log/log-item.ts';
import type { OperatorDelta } from '../core/log/state-delta.ts';
import { StateImage } from '../protocol/state-image.ts';

/** Number by `vertex/subtask`. */
export type Counters = Readonly<Record<string, number>>;

export class SubtaskFold {
  readonly state = new StateImage();
  version = 0;
  epoch = 0;
  sentThrough = 0;
  processingTime = 0;
  code = '';
  due: number | undefined;
  seal: LogItem['seal'];
  positions: Readonly<Record<string, string>> = {};
  consumed: Counters = {};
  watermarks: Readonly<Record<string, ChannelWatermark>> = {};
  produced: Counters = {};
  parked: readonly Frame[] = [];
  inbox: Inbox | undefined;
  inboxConsumed = 0;
  unsent: BaseManifest['unsent'] = [];
  intents: readonly SinkIntent[] = [];

  /** Starts from a base; only on a fold to which nothing was applied. */
  applyBase(base: BaseManifest): void {
    this.version = base.version;
    this.epoch = base.epoch;
    this.sentThrough = base.sentThrough;
    this.processingTime = base.processingTime;
    this.code = base.code;
    this.due = base.due;
    this.positions = base.positions;
    this.consumed = base.consumed;
    this.watermarks = base.watermarks;
    this.produced = base.produced;
    this.parked = base.parked;
    this.inbox = base.inbox;
    this.inboxConsumed = base.inboxConsumed;
    this.unsent = base.unsent;
    this.intents = base.intents;
  }

  applyState(deltas: readonly OperatorDelta[]): void {
    for (const delta of deltas) this.state.apply(delta);
  }

  /** Throws InvariantError if the item does not follow. */
  apply(item: LogItem, payload: EntryPayload): void {
    if (item.version !== this.version + 1) {
      throw new InvariantError('INVARIANT', `Version ${item.version} was read behind ${this.version}.`);
    }
    this.version = item.version;
    this.epoch = item.epoch;
    this.sentThrough = Math.max(this.sentThrough, item.sentThrough);
    this.processingTime = item.processingTime;
    this.code = item.code;
    this.due = item.due;
    this.seal = item.seal;
    this.applyState(payload.operators);
    this.positions = { ...this.positions, ...payload.positions };
    this.consumed = { ...this.consumed, ...payload.consumed };
    this.watermarks = { ...this.watermarks, ...payload.watermarks };
    this.produced = { ...this.produced, ...payload.produced };
    this.#applyInbox(payload);
    this.#applyWaiting(item, payload);
  }

  /** True if frames of the inbox wait. */
  get inboxPending(): boolean {
    return this.inbox !== undefined && this.inboxConsumed < this.inbox.frames;
  }

  toBase(chunks: readonly ChunkRef[], segments: readonly SegmentRef[]): BaseManifest {
    const { version, epoch, sentThrough, processingTime, code, due, positions, consumed } = this;
    const { watermarks, produced, parked, unsent, intents, inboxConsumed } = this;
    const inbox = this.inboxPending ? this.inbox : undefined;
    return {
      ...{ version, epoch, sentThrough, processingTime, code, due, chunks, segments, positions, consumed },
      ...{ watermarks, produced, parked, inbox, inboxConsumed, unsent, intents },
    };
  }

  #applyInbox({ inbox, inboxConsumed }: EntryPayload): void {
    if (inbox !== undefined) {
      this.inbox = inbox;
      this.inboxConsumed = 0;
    }
    this.inboxConsumed = inboxConsumed ?? this.inboxConsumed;
  }

  #applyWaiting({ version }: LogItem, { parked, outbox, intents, performed }: EntryPayload): void {
    const unparked = new Set(parked.removed.map(({ upstream, cseq }) => `${upstream} ${cseq}`));
    const kept = this.parked.filter(({ upstream, cseq }) => !unparked.has(`${upstream} ${cseq}`));
    this.parked = [...kept, ...parked.added];
    const sent = outbox.length > 0 ? [...this.unsent, { version, frames: outbox }] : this.unsent;
    this.unsent = sent.filter((entry) => entry.version > this.sentThrough);
    const done = new Set(performed);
    this.intents = [...this.intents.filter(({ id }) => !done.has(id)), ...intents];
  }
}

const VOID: EntryPayload = Object.freeze({
  operators: [],
  positions: {},
  consumed: {},
  watermarks: {},
  produced: {},
  parked: { added: [], removed: [] },
  inbox: undefined,
  inboxConsumed: undefined,
  outbox: [],
  intents: [],
  performed: [],
});

/** The payload of an item that changes nothing. */
export function voidPayload(): EntryPayload {
  return VOID;
}

/** True if nothing has happened in the version: a headless item, or one that only says that all is sent. */
export function isVoid(payload: EntryPayload): boolean {
  const { operators, positions, consumed, watermarks, produced, parked, outbox, intents } = payload;
  const lists = [operators, parked.added, parked.removed, outbox, intents, payload.performed];
  const vectors = [positions, consumed, watermarks, produced];
  return (
    payload.inbox === undefined &&
    payload.inboxConsumed === undefined &&
    lists.every((list) => list.length === 0) &&
    vectors.every((vector) => Object.keys(vector).length === 0)
  );
}
