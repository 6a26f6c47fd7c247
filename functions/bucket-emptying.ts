import { LIMITS } from '../lib/core/limits.ts';
import type { ObjectStore } from '../lib/ports/object-store.ts';

/** Deletes every object, so that the bucket can be deleted. */
export async function emptyBucket(objects: ObjectStore): Promise<void> {
  let names: string[] = [];
  for await (const { name } of objects.list('')) {
    names.push(name);
    if (names.length < LIMITS.deletedNamesMax) continue;
    await objects.delete(names);
    names = [];
  }
  if (names.length > 0) await objects.delete(names);
}
