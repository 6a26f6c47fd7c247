/**
 * Stores what a base of a log consists of.
 *
 * 1. (I3) Chunks, segment and manifest are stored before the record that names them may move.
 * 2. Every name holds the nonce of the attempt: a repetition overwrites nothing.
 */
import { encodeBaseManifest } from '../core/codec/manifest-codec.ts';
import { chunksOf } from '../core/codec/state-chunks.ts';
import { encodeStateChunk } from '../core/codec/state-codec.ts';
import { LIMITS } from '../core/limits.ts';
import type { BaseManifest, ChunkRef, SegmentRef } from '../core/log/base-manifest.ts';
import type { BaseRecord, LogItem } from '../core/log/log-item.ts';
import { baseName, type ChunkContent, chunkName } from '../core/log/paths.ts';
import type { OperatorDelta } from '../core/log/state-delta.ts';
import type { SubtaskId } from '../core/log/subtask-id.ts';
import type { ObjectStore } from './object-store.ts';
import { sha256Of, storeObject, storeSegment } from './stored-objects.ts';

export interface StateShare {
  readonly content: ChunkContent;
  readonly deltas: readonly OperatorDelta[];
}

/** A subtask at the version that becomes its base. */
export interface BaseContent {
  readonly version: number;
  /** Items behind the base before, up to `version`; at least one. */
  readonly items: readonly LogItem[];
  /** Segments of the base before that are kept. */
  readonly segments: readonly SegmentRef[];
  /** The whole state of its operators, share by share; of what is in two of them the later one holds. */
  readonly state: Iterable<StateShare> | AsyncIterable<StateShare>;
  readonly toManifest: (chunks: readonly ChunkRef[], segments: readonly SegmentRef[]) => BaseManifest;
}

/** The record that the base of the subtask may be moved to. */
export async function storeBase(
  objects: ObjectStore,
  { subtask, nonce }: { readonly subtask: SubtaskId; readonly nonce: string },
  { version, items, segments, state, toManifest }: BaseContent,
): Promise<BaseRecord> {
  const segment = await storeSegment(objects, { subtask, items, nonce });
  const chunks: ChunkRef[] = [];
  for await (const { content, deltas: share } of state) {
    for (const deltas of chunksOf(share, LIMITS.stateChunkBytes)) {
      const bytes = encodeStateChunk(deltas);
      const name = chunkName(subtask, { version, index: chunks.length, content }, nonce);
      await storeObject(objects, name, bytes);
      chunks.push({ name, bytes: bytes.length, sha256: sha256Of(bytes) });
    }
  }
  const manifest = baseName(subtask, version, nonce);
  await storeObject(objects, manifest, encodeBaseManifest(toManifest(chunks, [...segments, segment])));
  return { version, manifest, archivedThrough: version };
}
