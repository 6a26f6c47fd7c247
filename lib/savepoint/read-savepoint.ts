import { decodeStateChunk } from '../core/codec/state-codec.ts';
import { UserError } from '../core/errors.ts';
import type { SavepointStore } from '../ports/savepoint-store.ts';
import { StateImage } from '../protocol/state-image.ts';
import type { JobImage, VertexImage } from './savepoint-image.ts';
import {
  decodeManifest,
  MANIFEST_NAME,
  requireIntact,
  type SavepointManifest,
  type SavepointSubtask,
  type SavepointVertex,
} from './savepoint-manifest.ts';

/** Where a savepoint lies. */
export interface SavepointLocation {
  readonly store: Pick<SavepointStore, 'get'>;
  /** Names the savepoint in errors. */
  readonly where: string;
}

/** Throws UserError SAVEPOINT_NOT_FOUND, STATE_CORRUPT or STATE_FORMAT_UNSUPPORTED. */
export async function readManifest({ store, where }: SavepointLocation): Promise<SavepointManifest> {
  const bytes = await store.get(MANIFEST_NAME);
  if (bytes !== undefined) return decodeManifest(bytes, where);
  throw new UserError(
    'SAVEPOINT_NOT_FOUND',
    `${where} holds no savepoint: it has no ${MANIFEST_NAME}, which is written last. Name the folder that ` +
      'taking the savepoint printed; one that was cut off has no use.',
    { context: { location: where } },
  );
}

/**
 * The whole state of a savepoint, every object checked.
 *
 * Throws as `readManifest` does.
 */
export async function readSavepoint(location: SavepointLocation): Promise<JobImage> {
  const { job, vertices } = await readManifest(location);
  const images: VertexImage[] = [];
  for (const vertex of vertices) images.push(await readVertex(vertex, location));
  return { job, vertices: images };
}

async function readVertex(
  { id, maxParallelism, operators, subtasks }: SavepointVertex,
  location: SavepointLocation,
): Promise<VertexImage> {
  const images: StateImage[] = [];
  for (const subtask of subtasks) images.push(await readSubtask(subtask, location));
  return { id, maxParallelism, operators, images };
}

/** Throws UserError STATE_CORRUPT. */
export async function readSubtask(
  { objects }: SavepointSubtask,
  { store, where }: SavepointLocation,
): Promise<StateImage> {
  const image = new StateImage();
  for (const object of objects) {
    const bytes = requireIntact(object, await store.get(object.name), where);
    for (const delta of decodeStateChunk(bytes, `${object.name} of the savepoint ${where}`)) {
      image.apply(delta);
    }
  }
  return image;
}
