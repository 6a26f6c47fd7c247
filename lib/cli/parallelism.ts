import { InvalidArgumentError } from '@commander-js/extra-typings';
import { LIMITS } from '../core/limits.ts';

/** A parallelism as it is given on the command line. Throws InvalidArgumentError. */
export function parseParallelism(text: string): number {
  const n = Number(text);
  if (/^\d+$/.test(text) && n >= 1 && n <= LIMITS.parallelismMax) return n;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${LIMITS.parallelismMax}.`);
}
