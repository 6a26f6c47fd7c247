import type { SeededRandom } from './seeded-random.ts';

export interface PlannedRestore {
  readonly atMs: number;
  readonly parallelism: number;
  /** It starts from the latest checkpoint, and what has happened since is given up. */
  readonly goesBack: boolean;
}

/** What coordinators do with a job in one history, and when. Times from the start, in ms of virtual time. */
export interface LifePlan {
  /** Of the first run. */
  readonly parallelism: number;
  readonly restores: readonly PlannedRestore[];
  readonly pauses: readonly { readonly atMs: number; readonly ms: number }[];
  /** When heads are read as a cut, and when garbage is collected. */
  readonly scans: readonly number[];
  readonly collections: readonly number[];
  /** When checkpoints are taken beside those of every few minutes. */
  readonly checkpoints: readonly number[];
  /** Steps in which things still go wrong when all input is there. */
  readonly tailSteps: number;
  /** 0: no checkpoints. */
  readonly checkpointMinutes: number;
}

/** `durationMs`: how long input arrives. */
export function drawLifePlan(
  random: SeededRandom,
  { durationMs, pauseMsMax }: { readonly durationMs: number; readonly pauseMsMax: number },
): LifePlan {
  const parallelism = () => random.between(1, 3);
  const moment = () => random.between(1000, durationMs);
  const moments = (count: number) => Array.from({ length: count }, moment);
  const pauses = pauseMsMax === 0 ? 0 : random.between(1, 2);
  return {
    parallelism: parallelism(),
    restores: Array.from({ length: random.pick([0, 0, 1, 1, 2]) }, () => ({
      atMs: moment(),
      parallelism: parallelism(),
      goesBack: random.chance(0.3),
    })).sort((a, b) => a.atMs - b.atMs),
    pauses: Array.from({ length: pauses }, () => ({
      atMs: moment(),
      ms: random.chance(0.5) ? pauseMsMax : random.spread(1000, pauseMsMax),
    })),
    scans: moments(random.between(0, 4)),
    collections: moments(random.between(0, 2)),
    checkpoints: moments(random.between(0, 4)),
    tailSteps: random.between(0, 800),
    checkpointMinutes: random.pick([0, 1, 1, 2]),
  };
}
