/** Reads the state of a subtask from its base and the log behind it, and writes a new base. */
import { createHash } from 'node:crypto';
import { decodeEntry } from '../core/codec/entry-codec.ts';
import { decodeBaseManifest, encodeBaseManifest } from '../core/codec/manifest-codec.ts';
import { chunksOf } from '../core/codec/state-chunks.ts';
import { decodeStateChunk, encodeStateChunk } from '../core/codec/state-codec.ts';
import { UserError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { BaseManifest } from '../core/log/base-manifest.ts';
import type { LogItem } from '../core/log/log-item.ts';
import { baseName, chunkName } from '../core/log/paths.ts';
import type { OperatorDelta } from '../core/log/state-delta.ts';
import { type SubtaskId, subtaskPath } from '../core/log/subtask-id.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { SubtaskLog } from '../ports/subtask-log.ts';

export interface StateStore {
  readonly log: SubtaskLog;
  readonly objects: ObjectStore;
}

/** How much of a state directory the state of a subtask takes. */
export interface StoredSize {
  /** Zero if there is no base. */
  readonly baseVersion: number;
  readonly baseBytes: number;
  /** Of the items behind the base. */
  readonly logBytes: number;
  /** Names of the objects of the base. */
  readonly objects: readonly string[];
}

/**
 * Hands the state of `subtask` at version `head` to `apply`, in the order in which it arose.
 *
 * Throws UserError STATE_CORRUPT or STATE_FORMAT_UNSUPPORTED.
 */
export async function readSubtask(
  store: StateStore,
  { subtask, head }: { readonly subtask: SubtaskId; readonly head: number },
  apply: (deltas: readonly OperatorDelta[]) => void,
): Promise<StoredSize> {
  const base = await store.log.readBase(subtask);
  const size = { baseVersion: base?.version ?? 0, baseBytes: 0, logBytes: 0 };
  const objects: string[] = [];
  if (base !== undefined) {
    const bytes = await objectBytes(store.objects, base.manifest);
    const { chunks } = decodeBaseManifest(bytes, `The base ${base.manifest}`);
    for (const { name } of chunks) {
      apply(decodeStateChunk(await objectBytes(store.objects, name), `The state chunk ${name}`));
    }
    objects.push(base.manifest, ...chunks.map(({ name }) => name));
    size.baseBytes = chunks.reduce((sum, chunk) => sum + chunk.bytes, bytes.length);
  }
  let version = size.baseVersion;
  while (version < head) {
    const limit = Math.min(LIMITS.embeddedLogPageItems, head - version);
    const { items } = await store.log.readFrom(subtask, version + 1, limit);
    if (items.length === 0)
      throw incomplete(`the log of ${subtaskPath(subtask)} lacks version ${version + 1}`);
    for (const item of items) {
      const bytes = await payloadOf(store.objects, item);
      apply(decodeEntry(bytes, `Version ${item.version} of ${subtaskPath(subtask)}`).operators);
      size.logBytes += bytes.length;
      version = item.version;
    }
  }
  return { ...size, objects };
}

/** Objects of a base, the manifest last. */
export interface EncodedBase {
  readonly manifest: string;
  readonly objects: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

/** The base of a subtask at the version of `at`; `deltas` are its whole state. */
export function encodeBase(
  subtask: SubtaskId,
  at: Pick<BaseManifest, 'version' | 'processingTime' | 'code' | 'due'> & { readonly nonce: string },
  deltas: readonly OperatorDelta[],
): EncodedBase {
  const { version, nonce, processingTime, code, due } = at;
  const objects = chunksOf(deltas, LIMITS.stateChunkBytes).map((chunk, index) => ({
    name: chunkName(subtask, { version, index }, nonce),
    bytes: encodeStateChunk(chunk),
  }));
  const manifest = baseName(subtask, version, nonce);
  const bytes = encodeBaseManifest({
    version,
    epoch: 0,
    sentThrough: version,
    processingTime,
    code,
    due,
    chunks: objects.map((object) => ({
      name: object.name,
      bytes: object.bytes.length,
      sha256: createHash('sha256').update(object.bytes).digest('hex'),
    })),
    segments: [],
    positions: {},
    consumed: {},
    watermarks: {},
    produced: {},
    parked: [],
    inbox: undefined,
    inboxConsumed: 0,
    unsent: [],
    intents: [],
  });
  return { manifest, objects: [...objects, { name: manifest, bytes }] };
}

async function payloadOf(objects: ObjectStore, { payload }: LogItem): Promise<Uint8Array> {
  return payload.kind === 'inline' ? payload.bytes : objectBytes(objects, payload.key);
}

async function objectBytes(objects: ObjectStore, name: string): Promise<Uint8Array> {
  const bytes = await objects.get(name);
  if (bytes === undefined) throw incomplete(`the object ${name} is missing`);
  return bytes;
}

function incomplete(what: string): UserError {
  return new UserError(
    'STATE_CORRUPT',
    `The state directory is damaged: ${what}. A damaged state is never used: bring back a copy of it and ` +
      'of the output as it was then, or start over with --fresh --overwrite.',
  );
}
