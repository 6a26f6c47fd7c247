import type { Random } from '../../ports/random.ts';

/** The generator of this machine: no two runs draw the same numbers. */
export const systemRandom: Random = { next: () => Math.random() };
