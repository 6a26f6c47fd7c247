/**
 * Everything that a log says of a subtask but the state of its operators, as the fold of base and items (I9).
 *
 * 1. Items are applied in the order of their versions, without gaps.
 * 2. What is applied is absolute, but for the lists of what waits: parked frames, unsent outboxes, intents.
 */
import { InvariantError } from '../core/errors.ts';
import type { BaseManifest, ChunkRef, SegmentRef } from '../core/log/base-manifest.ts';
import type {
  ChannelWatermark,
  EntryPayload,
  Inbox,
  OutgoingFrame,
  SinkIntent,
} from '../core/log/entry-payload.ts';
import type { Frame } from '../core/log/frame.ts';
import type { LogItem } from '../core/log/log-item.ts';

/** An outbox whose acknowledgement the log does not know. */
export interface UnsentEntry {
  readonly version: number;
  readonly frames: readonly OutgoingFrame[];
  /** The positions that the version moved; empty if they are not known any more. */
  readonly positions: Readonly<Record<string, string>>;
}

/** Name of an input channel of a subtask in `watermarks`. `upstream` is `vertex/subtask`. */
export function inputChannelKey(upstream: string, edge: string): string {
  return `${upstream}#${edge}`;
}

export class SubtaskVectors {
  version = 0;
  epoch = 0;
  sentThrough = 0;
  /** Unit: ms since the epoch. */
  processingTime = 0;
  /** Undefined for an empty log. */
  code: string | undefined;
  /** Unit: ms since the epoch. */
  due: number | undefined;
  seal: LogItem['seal'];
  readonly positions = new Map<string, string>();
  readonly consumed = new Map<string, number>();
  readonly watermarks = new Map<string, ChannelWatermark>();
  readonly produced = new Map<string, number>();
  /** By `parkedKey`. */
  readonly parked = new Map<string, Frame>();
  /** Processing time at which the oldest gap of an upstream was met. Unit: ms since the epoch. */
  readonly gapSince = new Map<string, number>();
  inbox: Inbox | undefined;
  inboxConsumed = 0;
  unsent: readonly UnsentEntry[] = [];
  readonly intents = new Map<string, SinkIntent>();

  /** True if frames of the inbox wait. */
  get inboxPending(): boolean {
    return this.inbox !== undefined && this.inboxConsumed < this.inbox.frames;
  }

  /** Starts from a base; only on vectors to which nothing was applied. */
  restore(base: BaseManifest): void {
    this.version = base.version;
    this.epoch = base.epoch;
    this.sentThrough = base.sentThrough;
    this.processingTime = base.processingTime;
    this.code = base.code;
    this.due = base.due;
    this.inbox = base.inbox;
    this.inboxConsumed = base.inboxConsumed;
    this.unsent = base.unsent.map((entry) => ({ ...entry, positions: {} }));
    setAll(this.positions, base.positions);
    setAll(this.consumed, base.consumed);
    setAll(this.watermarks, base.watermarks);
    setAll(this.produced, base.produced);
    for (const frame of base.parked) this.parked.set(parkedKey(frame), frame);
    for (const intent of base.intents) this.intents.set(intent.id, intent);
    this.#noteGaps(base.processingTime);
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
    setAll(this.positions, payload.positions);
    setAll(this.consumed, payload.consumed);
    setAll(this.watermarks, payload.watermarks);
    setAll(this.produced, payload.produced);
    this.#applyWaiting(item, payload);
  }

  #applyWaiting(item: LogItem, payload: EntryPayload): void {
    const { parked, outbox, intents, performed, positions } = payload;
    for (const frame of parked.removed) this.parked.delete(parkedKey(frame));
    for (const frame of parked.added) this.parked.set(parkedKey(frame), frame);
    this.#noteGaps(item.processingTime);
    if (payload.inbox !== undefined) {
      this.inbox = payload.inbox;
      this.inboxConsumed = 0;
    }
    this.inboxConsumed = payload.inboxConsumed ?? this.inboxConsumed;
    const { version } = item;
    const entries =
      outbox.length > 0 ? [...this.unsent, { version, frames: outbox, positions }] : this.unsent;
    this.unsent = entries.filter((entry) => entry.version > this.sentThrough);
    for (const id of performed) this.intents.delete(id);
    for (const intent of intents) this.intents.set(intent.id, intent);
  }

  #noteGaps(time: number): void {
    const open = new Set([...this.parked.values()].map(({ upstream }) => upstream));
    for (const upstream of this.gapSince.keys()) if (!open.has(upstream)) this.gapSince.delete(upstream);
    for (const upstream of open) if (!this.gapSince.has(upstream)) this.gapSince.set(upstream, time);
  }

  /** The vectors as manifests write them. */
  toRecords(): Pick<BaseManifest, 'positions' | 'consumed' | 'watermarks' | 'produced'> {
    return {
      positions: Object.fromEntries(this.positions),
      consumed: Object.fromEntries(this.consumed),
      watermarks: Object.fromEntries(this.watermarks),
      produced: Object.fromEntries(this.produced),
    };
  }

  toBase(chunks: readonly ChunkRef[], segments: readonly SegmentRef[]): BaseManifest {
    const { version, epoch, sentThrough, processingTime, code, due, inbox, inboxConsumed, unsent } = this;
    if (code === undefined) throw new InvariantError('INVARIANT', 'An empty log has no base.');
    return {
      ...{ version, epoch, sentThrough, processingTime, code, due, chunks, segments, inboxConsumed },
      ...this.toRecords(),
      inbox: this.inboxPending ? inbox : undefined,
      parked: [...this.parked.values()],
      unsent: unsent.map(({ version: of, frames }) => ({ version: of, frames })),
      intents: [...this.intents.values()],
    };
  }
}

/** Name of a parked frame. */
export function parkedKey({ upstream, cseq }: { readonly upstream: string; readonly cseq: number }): string {
  return `${upstream} ${cseq}`;
}

function setAll<T>(target: Map<string, T>, changes: Readonly<Record<string, T>>): void {
  for (const [name, value] of Object.entries(changes)) target.set(name, value);
}
