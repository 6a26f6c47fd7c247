/** Everything that a subtask is at one version, its state included, from its log alone (I9). Pure. */
import type { EntryPayload } from '../core/log/entry-payload.ts';
import type { LogItem } from '../core/log/log-item.ts';
import type { ChunkContent } from '../core/log/paths.ts';
import type { OperatorDelta } from '../core/log/state-delta.ts';
import { type KeyedVersion, keyedVersionAfter, withChunk } from '../protocol/keyed-version.ts';
import { StateImage } from '../protocol/state-image.ts';
import { SubtaskVectors } from '../protocol/subtask-vectors.ts';

/** Number by `vertex/subtask`. */
export type Counters = Readonly<Record<string, number>>;

export class SubtaskFold extends SubtaskVectors {
  readonly state = new StateImage();
  /** The version whose rows the state table may lack. */
  lastKeyed: KeyedVersion | undefined;

  applyState(deltas: readonly OperatorDelta[]): void {
    for (const delta of deltas) this.state.apply(delta);
  }

  /** A chunk of a base. */
  applyChunk(deltas: readonly OperatorDelta[], content: ChunkContent): void {
    this.applyState(deltas);
    if (content.kind === 'repeated') this.lastKeyed = withChunk(this.lastKeyed, content.version, deltas);
  }

  override apply(item: LogItem, payload: EntryPayload): void {
    super.apply(item, payload);
    this.applyState(payload.operators);
    this.lastKeyed = keyedVersionAfter(this.lastKeyed, item, payload.operators);
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
