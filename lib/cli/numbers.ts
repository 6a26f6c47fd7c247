import { InvalidArgumentError } from '@commander-js/extra-typings';
import { LIMITS } from '../core/limits.ts';

/** A parallelism as it is given on the command line. Throws InvalidArgumentError. */
export function parseParallelism(text: string): number {
  const n = Number(text);
  if (/^\d+$/.test(text) && n >= 1 && n <= LIMITS.parallelismMax) return n;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${LIMITS.parallelismMax}.`);
}

/** A number greater than zero. Throws InvalidArgumentError. */
export function parsePositive(text: string): number {
  const n = Number(text);
  if (text.trim() !== '' && Number.isFinite(n) && n > 0) return n;
  throw new InvalidArgumentError('Give a number greater than 0.');
}

/** A share of a whole. Throws InvalidArgumentError. */
export function parseShare(text: string): number {
  const n = Number(text);
  if (text.trim() !== '' && n >= 0 && n <= 1) return n;
  throw new InvalidArgumentError('Give a number from 0 to 1, 0.9 for nine tenths.');
}
