import { extname } from 'node:path';

/** The candidate closest to `name` by edits of one character, if one is close enough to be meant. */
export function similarName(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.floor(wanted.length * 0.4) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** The file closest to `name`, which may leave out the extension. */
export function similarFile(name: string, files: readonly string[]): string | undefined {
  if (extname(name) !== '') return similarName(name, files);
  const stemOf = (file: string) => file.slice(0, file.length - extname(file).length);
  const stem = similarName(name, files.map(stemOf));
  return files.find((file) => stemOf(file) === stem);
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current[j] = Math.min(replaced, previous[j]! + 1, current[j - 1]! + 1);
    }
    previous = current;
  }
  return previous[b.length]!;
}
