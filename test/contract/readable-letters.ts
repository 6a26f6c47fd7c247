import { deadLetterObjects, storedDeadLetters } from '../../functions/dead-letter-objects.ts';
import type { ObjectStore } from '../../lib/ports/object-store.ts';
import type { ReadableLetters } from './dead-letters-contract.ts';

/** Dead letters as objects of a store. */
export function letterObjects(objects: ObjectStore): ReadableLetters {
  const raw = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const stored of storedDeadLetters(objects, undefined)) found.push(stored.raw);
    return found;
  };
  return { store: deadLetterObjects(objects), raw };
}
