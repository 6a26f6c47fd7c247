import type { CommittedLetter, DeadLetterStore } from '../lib/ports/dead-letters.ts';
import type { ObjectStore } from '../lib/ports/object-store.ts';
import { storeObject } from '../lib/ports/stored-objects.ts';

/** Prefix of dead letters in the bucket of a job. */
const DEAD_LETTER_PREFIX = 'dead-letters';

/** Dead letters as JSON objects, one each: nothing in a stream waits for them. */
export function deadLetterObjects(objects: ObjectStore): DeadLetterStore {
  return {
    keep: async (letters: readonly CommittedLetter[]) => {
      for (const { id, letter } of letters) {
        const bytes = Buffer.from(JSON.stringify(letter));
        await storeObject(objects, `${DEAD_LETTER_PREFIX}/${id}.json`, bytes);
      }
    },
  };
}
