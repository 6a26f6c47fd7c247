/** Cases for tests of the runner itself: the shipped ones, and small ones made on the spot. */
import { join } from 'node:path';
import type { Fields } from './fields.ts';
import { type GoldenCase, parseCase, readCases } from './golden-case.ts';

const SHIPPED = readCases(join(import.meta.dirname, 'flink-golden.json'));

/** The shipped case of this name. */
export function shippedCase(name: string): GoldenCase {
  const golden = SHIPPED.find((candidate) => candidate.name === name);
  if (golden === undefined) throw new Error(`There is no case ${name}.`);
  return golden;
}

/** A case from its JSON form; what is left out has the value that most cases have. */
export function caseOf(parts: Fields): GoldenCase {
  return parseCase({ name: 'made', order: 'exact', config: {}, ...parts }, 'made');
}

/** A KeyedWindow case; `config` is added to one that sums per key. */
export function windowCase(parts: {
  readonly config: Fields;
  readonly steps: readonly Fields[];
  readonly expected: readonly Fields[];
  readonly order?: string;
}): GoldenCase {
  const config: Fields = {
    keyBy: 'element[0]',
    allowedLatenessMs: 0,
    function: 'sum of f1 per key+window',
    ...parts.config,
  };
  const operator = config.evictor === undefined ? 'KeyedWindow' : 'KeyedWindow(evicting)';
  return caseOf({ operator, order: 'between-watermarks-any', ...parts, config });
}
