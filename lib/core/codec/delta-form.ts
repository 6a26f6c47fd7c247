/** Numbers by which the words of a state delta are written; their order is part of the format. */
import type { Redistribution } from '../log/state-delta.ts';
import type { StateKind } from '../state.ts';

export const OPS = ['put', 'remove', 'clear'] as const;
export const TIMER_OPS = ['add', 'remove'] as const;
export const DOMAINS = ['event', 'processing'] as const;
export const KINDS = [
  'value',
  'list',
  'map',
  'reducing',
  'aggregating',
] as const satisfies readonly StateKind[];
export const REDISTRIBUTIONS = [
  'split',
  'union',
  'broadcast',
  'subtask',
] as const satisfies readonly Redistribution[];

/** The word of a number. Throws a RangeError. */
export function wordOf<T extends string>(words: readonly T[], number: number): T {
  const word = words[number];
  if (word === undefined) throw new RangeError(`the number ${number} for one of ${words.join(', ')}`);
  return word;
}
