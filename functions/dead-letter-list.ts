/** Dead letters as people list and drop them. */

import { LIMITS } from '../lib/core/limits.ts';
import { DEAD_LETTER_PREFIX } from '../lib/core/log/paths.ts';
import type { ObjectStore } from '../lib/ports/object-store.ts';
import { type StoredLetter, storedDeadLetters } from './dead-letter-objects.ts';

interface LetterRange {
  /** @default LIMITS.deadLettersListed */
  readonly limit?: number;
}

/** The first letters in the order of their names, and whether there are more. */
export async function listDeadLetters(
  objects: ObjectStore,
  { limit = LIMITS.deadLettersListed }: LetterRange,
): Promise<{ readonly letters: readonly StoredLetter[]; readonly more: boolean }> {
  const letters: StoredLetter[] = [];
  for await (const letter of storedDeadLetters(objects, undefined)) {
    if (letters.length === limit) return { letters, more: true };
    letters.push({ ...letter, raw: letter.raw.slice(0, LIMITS.deadLetterListedCharacters) });
  }
  return { letters, more: false };
}

/** Deletes the first letters, as many as one call reads; how many, and whether there are more. */
export async function dropDeadLetters(
  objects: ObjectStore,
  { limit = LIMITS.deadLettersReadMax }: LetterRange,
): Promise<{ readonly dropped: number; readonly more: boolean }> {
  let dropped = 0;
  let names: string[] = [];
  const flush = async (): Promise<void> => {
    if (names.length > 0) await objects.delete(names);
    dropped += names.length;
    names = [];
  };
  for await (const { name } of objects.list(DEAD_LETTER_PREFIX)) {
    if (dropped + names.length === limit) {
      await flush();
      return { dropped, more: true };
    }
    names.push(name);
    if (names.length === LIMITS.deletedNamesMax) await flush();
  }
  await flush();
  return { dropped, more: false };
}
