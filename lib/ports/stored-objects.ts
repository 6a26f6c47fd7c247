/** Reads and writes what the logs keep in an object store, with bounded repetition. */
import { createHash } from 'node:crypto';
import { decodeEntry, encodeEntry } from '../core/codec/entry-codec.ts';
import { decodeBaseManifest } from '../core/codec/manifest-codec.ts';
import { decodeSegment, encodeSegment } from '../core/codec/segment-codec.ts';
import { decodeStateChunk } from '../core/codec/state-codec.ts';
import { InvariantError, RetryableError, UserError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { BaseManifest, ChunkRef, SegmentRef } from '../core/log/base-manifest.ts';
import type { EntryPayload } from '../core/log/entry-payload.ts';
import type { LogItem, LogPayload } from '../core/log/log-item.ts';
import { type ChunkContent, parseChunkName, segmentName } from '../core/log/paths.ts';
import type { OperatorDelta } from '../core/log/state-delta.ts';
import type { SubtaskId } from '../core/log/subtask-id.ts';
import type { ObjectStore } from './object-store.ts';

/** An object is gone: what named it is out of date, or was given up. Caught where there is a way on. */
export class MissingObjectError extends UserError {
  constructor(name: string) {
    super(
      'STATE_CORRUPT',
      `Object ${name} is missing; restore from a checkpoint whose objects are complete.`,
    );
  }
}

/** Repeats `call` while it fails with a passing fault. */
export async function persistently<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof RetryableError) || attempt >= LIMITS.storeTriesMax) throw error;
    }
  }
}

/** Throws MissingObjectError. */
export async function readObject(objects: ObjectStore, name: string): Promise<Uint8Array> {
  const bytes = await persistently(() => objects.get(name));
  if (bytes === undefined) throw new MissingObjectError(name);
  return bytes;
}

/** Under a name that nobody else uses: a repetition after a lost answer finds its own bytes. */
export async function storeObject(objects: ObjectStore, name: string, bytes: Uint8Array): Promise<void> {
  await persistently(() => objects.put(name, bytes));
}

export async function readBaseManifest(objects: ObjectStore, name: string): Promise<BaseManifest> {
  return decodeBaseManifest(await readObject(objects, name), `Base ${name}`);
}

export async function readChunks(
  objects: ObjectStore,
  base: BaseManifest,
  apply: (deltas: readonly OperatorDelta[], content: ChunkContent) => void,
): Promise<void> {
  for (const chunk of base.chunks) apply(await readChunk(objects, chunk), parseChunkName(chunk.name));
}

export async function readChunk(objects: ObjectStore, { name }: ChunkRef): Promise<readonly OperatorDelta[]> {
  return decodeStateChunk(await readObject(objects, name), `State chunk ${name}`);
}

export async function readSegment(objects: ObjectStore, segment: SegmentRef): Promise<readonly LogItem[]> {
  return decodeSegment(await readObject(objects, segment.name), `Segment ${segment.name}`);
}

/** Stores items that follow each other. */
export async function storeSegment(
  objects: ObjectStore,
  { subtask, items, nonce }: { subtask: SubtaskId; items: readonly LogItem[]; nonce: string },
): Promise<SegmentRef> {
  const [first, last] = [items[0], items.at(-1)];
  if (first === undefined || last === undefined) {
    throw new InvariantError('INVARIANT', 'A segment without items was to be stored.');
  }
  const range = { fromVersion: first.version, toVersion: last.version };
  const name = segmentName(subtask, range, nonce);
  await storeObject(objects, name, encodeSegment(items));
  return { name, ...range };
}

/** Throws MissingObjectError, UserError STATE_CORRUPT. */
export async function readPayload(objects: ObjectStore, { payload }: LogItem): Promise<EntryPayload> {
  if (payload.kind === 'inline') return decodeEntry(payload.bytes);
  const bytes = await readObject(objects, payload.key);
  if (sha256Of(bytes) !== payload.sha256) {
    throw new UserError(
      'STATE_CORRUPT',
      `Object ${payload.key} is not the one that the log names; restore from a checkpoint.`,
    );
  }
  return decodeEntry(bytes, `Log entry ${payload.key}`);
}

/** The payload as a log item carries it: a large one is stored as an object of this name first. */
export async function storePayload(
  objects: ObjectStore,
  payload: EntryPayload,
  key: string,
): Promise<LogPayload> {
  const bytes = encodeEntry(payload);
  if (bytes.length <= LIMITS.logInlineBytesMax) return { kind: 'inline', bytes };
  await storeObject(objects, key, bytes);
  return { kind: 'spilled', key, length: bytes.length, sha256: sha256Of(bytes) };
}

/** Hex. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
