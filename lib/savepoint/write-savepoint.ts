import { chunksOf } from '../core/codec/state-chunks.ts';
import { encodeStateChunk } from '../core/codec/state-codec.ts';
import { UserError } from '../core/errors.ts';
import { keyGroupRange } from '../core/key-groups.ts';
import { LIMITS } from '../core/limits.ts';
import type { SavepointStore } from '../ports/savepoint-store.ts';
import { describeSources, describeStates } from './describe-state.ts';
import type { JobImage, VertexImage } from './savepoint-image.ts';
import {
  encodeManifest,
  hashOf,
  MANIFEST_NAME,
  type SavepointManifest,
  type SavepointSubtask,
  type SavepointVertex,
} from './savepoint-manifest.ts';

export interface SavepointPlace {
  readonly store: SavepointStore;
  /** Names the savepoint in errors. */
  readonly where: string;
  /** Unit: ms since the epoch. */
  readonly now: number;
}

/**
 * Writes a savepoint into an empty place, the manifest last.
 *
 * Throws UserError ARGUMENT_INVALID if there is something, RetryableError IO_FAILED.
 */
export async function writeSavepoint(
  { job, vertices }: JobImage,
  { store, where, now }: SavepointPlace,
): Promise<SavepointManifest> {
  if (!(await store.isEmpty())) throw notEmpty(where);
  const written: SavepointVertex[] = [];
  for (const [index, vertex] of vertices.entries()) {
    written.push(await writeVertex(vertex, `state/${index}`, { store, where, now }));
  }
  const deltas = vertices.flatMap(({ images }) => images.flatMap((image) => image.deltas()));
  const manifest: SavepointManifest = {
    job,
    createdAt: now,
    vertices: written,
    sources: vertices.flatMap(({ operators }) => describeSources(operators, deltas)),
    states: describeStates(deltas),
  };
  await put(MANIFEST_NAME, encodeManifest(manifest), { store, where });
  return manifest;
}

async function writeVertex(
  { id, maxParallelism, operators, images }: VertexImage,
  folder: string,
  place: SavepointPlace,
): Promise<SavepointVertex> {
  const subtasks: SavepointSubtask[] = [];
  for (const [subtask, image] of images.entries()) {
    const objects = [];
    for (const [part, chunk] of chunksOf(image.deltas(), LIMITS.stateChunkBytes).entries()) {
      const bytes = encodeStateChunk(chunk);
      const name = `${folder}/${subtask}-${part}.bin`;
      await put(name, bytes, place);
      objects.push({ name, bytes: bytes.length, sha256: hashOf(bytes) });
    }
    subtasks.push({ keyGroups: keyGroupRange(maxParallelism, images.length, subtask), objects });
  }
  return { id, maxParallelism, operators, subtasks };
}

async function put(
  name: string,
  bytes: Uint8Array,
  { store, where }: Pick<SavepointPlace, 'store' | 'where'>,
): Promise<void> {
  if (!(await store.put(name, bytes))) throw notEmpty(where);
}

function notEmpty(where: string): UserError {
  return new UserError('ARGUMENT_INVALID', `${where} is not empty: choose a new folder for a savepoint.`, {
    context: { location: where },
  });
}
