/** Dead letters as JSON objects, one each: nothing in a stream waits for them. */
import { DEAD_LETTER_PREFIX } from '../lib/core/log/paths.ts';
import type { CommittedLetter, DeadLetterStore } from '../lib/ports/dead-letters.ts';
import type { ObjectStore } from '../lib/ports/object-store.ts';
import { MissingObjectError, readObject, storeObject } from '../lib/ports/stored-objects.ts';

/** What is read back of a dead letter. */
export interface StoredLetter {
  /** Name of its object. */
  readonly name: string;
  readonly operator: string;
  readonly code: string;
  /** The record as text, maybe cut. */
  readonly raw: string;
}

export function deadLetterObjects(objects: ObjectStore): DeadLetterStore {
  return {
    keep: async (letters: readonly CommittedLetter[]) => {
      for (const { id, letter } of letters) {
        const bytes = Buffer.from(JSON.stringify(letter));
        await storeObject(objects, `${DEAD_LETTER_PREFIX}${id}.json`, bytes);
      }
    },
  };
}

/** The letters of a vertex, or of all, in the order of their names; an object that is none is left out. */
export async function* storedDeadLetters(
  objects: ObjectStore,
  vertex: string | undefined,
): AsyncIterable<StoredLetter> {
  for await (const { name } of objects.list(DEAD_LETTER_PREFIX)) {
    if (vertex !== undefined && vertexIn(name) !== vertex) continue;
    const letter = await readLetter(objects, name);
    if (letter !== undefined) yield letter;
  }
}

/** The id of a letter is `lineage/run/vertex/subtask/version/index`. */
function vertexIn(name: string): string | undefined {
  return /^[0-9]+\/[^/]+\/(.+)\/[0-9]+\/[0-9]+\/[0-9]+\.json$/.exec(
    name.slice(DEAD_LETTER_PREFIX.length),
  )?.[1];
}

async function readLetter(objects: ObjectStore, name: string): Promise<StoredLetter | undefined> {
  try {
    const letter: unknown = JSON.parse(Buffer.from(await readObject(objects, name)).toString());
    if (typeof letter !== 'object' || letter === null) return undefined;
    // Any object can be asked for a property; what is not there is undefined.
    const { operator, code, raw } = letter as Readonly<Record<string, unknown>>;
    if (typeof operator !== 'string' || typeof code !== 'string' || typeof raw !== 'string') return undefined;
    return { name, operator, code, raw };
  } catch (error) {
    // Somebody else has deleted it, or put something there.
    if (error instanceof MissingObjectError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
