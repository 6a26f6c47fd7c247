import { createHash } from 'node:crypto';

const PLAIN = /^[A-Za-z0-9-]{1,40}$/;
const SHOWN_CHARACTERS = 30;
const HASH_CHARACTERS = 6;

/** Id of a construct for a name that may hold any characters: different names have different ids. */
export function constructId(name: string): string {
  if (PLAIN.test(name)) return name;
  const shown = name.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(0, SHOWN_CHARACTERS);
  return `${shown}-${createHash('sha256').update(name).digest('hex').slice(0, HASH_CHARACTERS)}`;
}
