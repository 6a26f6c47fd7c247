/**
 * Folds the log of a subtask into a new base, from inside of the subtask.
 *
 * 1. (I3) The base moves only after its chunks, its segment and its manifest are stored.
 * 2. (I9) It is taken from a replica without uncommitted changes: it is the state of one version.
 * 3. Outboxes that are not known to be acknowledged are part of it.
 */
import { decodeBaseManifest, encodeBaseManifest } from '../../core/codec/manifest-codec.ts';
import { encodeSegment } from '../../core/codec/segment-codec.ts';
import { chunksOf } from '../../core/codec/state-chunks.ts';
import { encodeStateChunk } from '../../core/codec/state-codec.ts';
import { InvariantError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { ChunkRef, SegmentRef } from '../../core/log/base-manifest.ts';
import type { BaseRecord, LogItem } from '../../core/log/log-item.ts';
import { baseName, chunkName, segmentName } from '../../core/log/paths.ts';
import type { InvocationContext } from './invocation-ports.ts';
import { fetchObject, keepObject, persistently, sha256Of } from './object-access.ts';
import type { Replica } from './replica.ts';

/** Moves the base to the version of the replica; false if the replica is behind the store's base. */
export async function compactReplica(context: InvocationContext, replica: Replica): Promise<boolean> {
  if (replica.uncommitted) throw new InvariantError('INVARIANT', 'Uncommitted state was to become a base.');
  const { log, subtask } = context;
  const program = await replica.start();
  const base = await persistently(() => log.readBase(subtask));
  replica.base = base;
  if (base !== undefined && base.version >= replica.version) return base.version === replica.version;
  const items = await itemsBetween(context, (base?.version ?? 0) + 1, replica.version);
  if (items === undefined) return false;
  const nonce = context.nonce();
  const segments = [...(await segmentsOf(context, base)), await storeItems(context, items, nonce)];
  const chunks: ChunkRef[] = [];
  for (const deltas of chunksOf(program.collectAll(), LIMITS.stateChunkBytes)) {
    const bytes = encodeStateChunk(deltas);
    const name = chunkName(subtask, { version: replica.version, index: chunks.length }, nonce);
    await keepObject(context.objects, name, bytes);
    chunks.push({ name, bytes: bytes.length, sha256: sha256Of(bytes) });
  }
  const manifest = baseName(subtask, replica.version, nonce);
  const described = encodeBaseManifest(replica.vectors.toBase(chunks, segments));
  await keepObject(context.objects, manifest, described);
  const moved = { version: replica.version, manifest, archivedThrough: replica.version };
  await persistently(() => log.moveBase(subtask, moved));
  replica.base = await persistently(() => log.readBase(subtask));
  return true;
}

/** Undefined if the log has been overrun meanwhile. */
async function itemsBetween(
  { log, subtask }: InvocationContext,
  from: number,
  through: number,
): Promise<readonly LogItem[] | undefined> {
  const items: LogItem[] = [];
  while (from + items.length <= through) {
    const next = from + items.length;
    const count = Math.min(LIMITS.catchUpItemsMax, through - next + 1);
    const scan = await persistently(() => log.readFrom(subtask, next, count));
    if (scan.items.length === 0) return undefined;
    items.push(...scan.items);
  }
  return items;
}

async function segmentsOf(
  { objects }: InvocationContext,
  base: BaseRecord | undefined,
): Promise<readonly SegmentRef[]> {
  if (base === undefined) return [];
  return decodeBaseManifest(await fetchObject(objects, base.manifest), `Base ${base.manifest}`).segments;
}

async function storeItems(
  { objects, subtask }: InvocationContext,
  items: readonly LogItem[],
  nonce: string,
): Promise<SegmentRef> {
  const [first, last] = [items[0], items.at(-1)];
  if (first === undefined || last === undefined) {
    throw new InvariantError('INVARIANT', 'A segment without items was to be stored.');
  }
  const range = { fromVersion: first.version, toVersion: last.version };
  const name = segmentName(subtask, range, nonce);
  await keepObject(objects, name, encodeSegment(items));
  return { name, ...range };
}
