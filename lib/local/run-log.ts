/**
 * The logs of all subtasks of one run, which are written together: what goes into a commit.
 *
 * 1. The items of a commit all have its version; versions are dense (I1).
 * 2. The items behind the base never take more room than the base, or than LIMITS.embeddedLogBytesMin, and
 *    never come round in their ring (I3).
 */
import { randomUUID } from 'node:crypto';
import type { StoreCommit } from '../adapters/sqlite/sqlite-store.ts';
import { encodeEntry } from '../core/codec/entry-codec.ts';
import { LIMITS } from '../core/limits.ts';
import type { EntryPayload } from '../core/log/entry-payload.ts';
import type { LogItem } from '../core/log/log-item.ts';
import type { OperatorDelta } from '../core/log/state-delta.ts';
import type { SubtaskId } from '../core/log/subtask-id.ts';
import type { SubtaskDeltas } from './subtask-deltas.ts';
import { encodeBase, type StoredSize } from './subtask-state.ts';

/** What is appended at once: for every subtask of the run what has changed or, for a base, all there is. */
export interface RunChange {
  readonly scope: 'changes' | 'all';
  readonly subtasks: readonly SubtaskDeltas[];
  /** Unit: ms since the epoch. */
  readonly processingTime: number;
  /** Nothing will follow. */
  readonly finished: boolean;
}

/** Where the log stands when a commit is in. */
interface LogPosition {
  readonly version: number;
  readonly baseVersion: number;
  readonly baseBytes: number;
  readonly logBytes: number;
  readonly baseObjects: readonly string[];
}

const EMPTY: LogPosition = { version: 0, baseVersion: 0, baseBytes: 0, logBytes: 0, baseObjects: [] };

export class RunLog {
  readonly run: string;
  /** Hash of the plan. */
  readonly code: string;
  readonly #writer = randomUUID();
  readonly #isContinued: boolean;
  #position: LogPosition;

  /** `former`: objects of the base of the run that this one continues. */
  constructor(
    { run, code }: { readonly run: string; readonly code: string },
    former: readonly string[] | undefined,
  ) {
    this.run = run;
    this.code = code;
    this.#isContinued = former !== undefined;
    this.#position = { ...EMPTY, baseObjects: former ?? [] };
  }

  /** Goes on behind `version`; `sizes` are those of all subtasks. */
  resume(version: number, sizes: readonly StoredSize[]): void {
    const sum = (of: (size: StoredSize) => number) => sizes.reduce((total, size) => total + of(size), 0);
    this.#position = {
      version,
      baseVersion: sizes[0]?.baseVersion ?? 0,
      baseBytes: sum(({ baseBytes }) => baseBytes),
      logBytes: sum(({ logBytes }) => logBytes),
      baseObjects: sizes.flatMap(({ objects }) => objects),
    };
  }

  get version(): number {
    return this.#position.version;
  }

  /** True if the next change must have the scope `all`. */
  get needsBase(): boolean {
    const { version, baseVersion, baseBytes, logBytes } = this.#position;
    return (
      (version === 0 && this.#isContinued) ||
      version - baseVersion >= LIMITS.embeddedLogVersionsMax ||
      logBytes > Math.max(baseBytes, LIMITS.embeddedLogBytesMin)
    );
  }

  /** The next version as a change of the store; call `done` when it is in. */
  next(change: RunChange): { readonly commit: StoreCommit; readonly done: () => void } {
    return change.scope === 'all' ? this.#nextBase(change) : this.#nextItems(change);
  }

  #nextItems(change: RunChange) {
    let logBytes = this.#position.logBytes;
    const items = change.subtasks.map((subtask) => {
      const bytes = encodeEntry(entryOf(subtask.deltas));
      logBytes += bytes.length;
      return { subtask: this.idOf(subtask), item: this.#itemOf(change, { subtask, bytes }) };
    });
    const position = { ...this.#position, version: this.version + 1, logBytes };
    return { commit: { items }, done: () => this.#moveTo(position) };
  }

  /** The payloads of items at the base are given back at once: they are empty to begin with. */
  #nextBase(change: RunChange) {
    const version = this.version + 1;
    const empty = encodeEntry(entryOf([]));
    const encoded = change.subtasks.map((subtask) => ({
      id: this.idOf(subtask),
      item: this.#itemOf(change, { subtask, bytes: empty }),
      base: encodeBase(
        this.idOf(subtask),
        {
          version,
          processingTime: change.processingTime,
          code: this.code,
          due: subtask.due,
          nonce: this.#writer,
        },
        subtask.deltas,
      ),
    }));
    const objects = encoded.flatMap(({ base }) => base.objects);
    const position: LogPosition = {
      version,
      baseVersion: version,
      baseBytes: objects.reduce((sum, { bytes }) => sum + bytes.length, 0),
      logBytes: 0,
      baseObjects: objects.map(({ name }) => name),
    };
    const commit: StoreCommit = {
      items: encoded.map(({ id, item }) => ({ subtask: id, item })),
      deletedObjects: this.#position.baseObjects,
      objects,
      bases: encoded.map(({ id, base: { manifest } }) => ({
        subtask: id,
        base: { version, manifest, archivedThrough: version },
      })),
    };
    return { commit, done: () => this.#moveTo(position) };
  }

  idOf({ vertex, subtask }: { readonly vertex: string; readonly subtask: number }): SubtaskId {
    return { run: this.run, vertex, subtask };
  }

  #itemOf(
    { processingTime, finished }: RunChange,
    { subtask, bytes }: { readonly subtask: SubtaskDeltas; readonly bytes: Uint8Array },
  ): LogItem {
    const version = this.version + 1;
    return {
      version,
      writer: this.#writer,
      kind: version === 1 && this.#isContinued ? 'genesis' : 'data',
      ...(finished ? { seal: 'finished' } : {}),
      epoch: 0,
      sentThrough: version,
      processingTime,
      code: this.code,
      due: subtask.due,
      inboxPending: false,
      payload: { kind: 'inline', bytes },
    };
  }

  #moveTo(position: LogPosition): void {
    this.#position = position;
  }
}

/** At rest nothing is sent, parked or in flight: an entry is what the operators say. */
function entryOf(operators: readonly OperatorDelta[]): EntryPayload {
  return {
    operators,
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
  };
}
