/**
 * Key groups: the fixed number of shares into which keyed state is cut, and which subtask owns which of them.
 *
 * The formulas are Flink's (KeyGroupRangeAssignment, MathUtils.murmurHash). State is addressed by them, so
 * they are fixed for ever; the golden vectors of the tests hold them.
 */
import { LIMITS } from './limits.ts';

/** Key groups `[start, end]`, both inclusive. */
export type KeyGroupRange = readonly [start: number, end: number];

/** Flink's lower bound of the default max parallelism. */
const DEFAULT_MAX_PARALLELISM_MIN = 128;

/** Key group of a key, in `[0, maxParallelism)`; `hash` is the key's 32-bit Java hash. */
export function assignToKeyGroup(hash: number, maxParallelism: number): number {
  return murmurHash(hash) % maxParallelism;
}

/** Index of the subtask that owns `keyGroup`. */
export function operatorIndexForKeyGroup(
  maxParallelism: number,
  parallelism: number,
  keyGroup: number,
): number {
  return Math.floor((keyGroup * parallelism) / maxParallelism);
}

/** Key groups of subtask `index`; the ranges of all subtasks partition `[0, maxParallelism)`. */
export function keyGroupRange(maxParallelism: number, parallelism: number, index: number): KeyGroupRange {
  const start = Math.ceil((index * maxParallelism) / parallelism);
  const end = Math.floor(((index + 1) * maxParallelism - 1) / parallelism);
  return [start, end];
}

/** Max parallelism of an operator for which nobody set one: half again its parallelism, as a power of two. */
export function defaultMaxParallelism(parallelism: number): number {
  const wanted = roundUpToPowerOfTwo(parallelism + Math.floor(parallelism / 2));
  return Math.min(Math.max(wanted, DEFAULT_MAX_PARALLELISM_MIN), LIMITS.parallelismMax);
}

/** Non-negative murmur hash of one 32-bit integer. Source: Flink's MathUtils.murmurHash. */
function murmurHash(hash: number): number {
  let code = Math.imul(hash, 0xcc9e2d51);
  code = (code << 15) | (code >>> 17);
  code = Math.imul(code, 0x1b873593);
  code = (code << 13) | (code >>> 19);
  code = (Math.imul(code, 5) + 0xe6546b64) ^ 4;
  code ^= code >>> 16;
  code = Math.imul(code, 0x85ebca6b);
  code ^= code >>> 13;
  code = Math.imul(code, 0xc2b2ae35);
  code ^= code >>> 16;
  if (code >= 0) return code;
  // The one number without a positive counterpart in 32 bits; Flink maps it to 0.
  return code === -0x80000000 ? 0 : -code;
}

function roundUpToPowerOfTwo(n: number): number {
  return n <= 1 ? 1 : 2 ** (32 - Math.clz32(n - 1));
}
