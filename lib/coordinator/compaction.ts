/**
 * Folds the log of a subtask into a new base, from outside of the subtask.
 *
 * 1. The base moves only after its chunks, its segments and its manifest are stored (I3).
 * 2. It may be repeated and run beside the subtask's own compaction: names are new each time, and the base
 *    record moves forward only.
 * 3. A base never lies on a seal: it does not say that nothing may follow (I13).
 */
import { createHash } from 'node:crypto';
import { encodeBaseManifest } from '../core/codec/manifest-codec.ts';
import { chunksOf } from '../core/codec/state-chunks.ts';
import { encodeStateChunk } from '../core/codec/state-codec.ts';
import { LIMITS } from '../core/limits.ts';
import type { ChunkRef, SegmentRef } from '../core/log/base-manifest.ts';
import { baseName, chunkName } from '../core/log/paths.ts';
import type { SubtaskId } from '../core/log/subtask-id.ts';
import type { CoordinatorPorts } from './coordinator-ports.ts';
import { storeObject, storeSegment } from './stored-objects.ts';
import type { SubtaskFold } from './subtask-fold.ts';
import { readSubtask } from './subtask-reader.ts';

type CompactionPorts = Pick<CoordinatorPorts, 'log' | 'objects' | 'nonce'>;

/** Moves the base of a subtask to the head of its log, unless that is a seal. `horizon`: as of `frameHorizons`. */
export async function compactSubtask(ports: CompactionPorts, subtask: SubtaskId, horizon = 0): Promise<void> {
  const { fold, base, items } = await readSubtask(ports, subtask);
  // A sealed log needs no room: nothing follows.
  if (items.length === 0 || fold.seal !== undefined) return;
  const nonce = ports.nonce();
  const segment = await storeSegment(ports.objects, { subtask, items, nonce });
  const kept = liveSegments(base?.manifest.segments ?? [], horizon);
  const chunks = await storeChunks(ports, { subtask, fold, nonce });
  const name = baseName(subtask, fold.version, nonce);
  await storeObject(ports.objects, name, encodeBaseManifest(fold.toBase(chunks, [...kept, segment])));
  await ports.log.moveBase(subtask, {
    version: fold.version,
    manifest: name,
    archivedThrough: fold.version,
  });
}

/** Segments in which somebody may still look for a frame. */
function liveSegments(segments: readonly SegmentRef[], horizon: number): readonly SegmentRef[] {
  return segments.filter((segment) => segment.toVersion > horizon);
}

async function storeChunks(
  { objects }: CompactionPorts,
  { subtask, fold, nonce }: { subtask: SubtaskId; fold: SubtaskFold; nonce: string },
): Promise<readonly ChunkRef[]> {
  const refs: ChunkRef[] = [];
  for (const deltas of chunksOf(fold.state.deltas(), LIMITS.stateChunkBytes)) {
    const bytes = encodeStateChunk(deltas);
    const name = chunkName(subtask, { version: fold.version, index: refs.length }, nonce);
    await storeObject(objects, name, bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    refs.push({ name, bytes: bytes.length, sha256 });
  }
  return refs;
}
