import { encodeValue } from '../../core/codec/value-codec.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { InputShard } from './simulated-job.ts';

/** A record of a generated job. */
export interface Reading {
  /** Unique over all shards. */
  readonly id: number;
  readonly key: string;
  /** Unit: ms since the epoch. */
  readonly time: number;
  /** Makes the record long now and then. */
  readonly padding: string;
}

/** How far records of one shard stand out of order, at most. Unit: ms. */
export const DISORDER_MS = 50;

const KEYS = ['a', 'b', 'c', 'd', 'e'];

export interface GeneratedInput {
  readonly readings: readonly Reading[];
  readonly shards: readonly InputShard[];
}

/** Two shards for each source, with times that rise but for a bounded disorder. */
export function generateInput(random: SeededRandom, sources: readonly string[]): GeneratedInput {
  const paddingLength = random.chance(0.2) ? random.between(8000, 24_000) : 0;
  const pauseMsMax = random.pick([20_000, 120_000, 120_000, 1_200_000]);
  const readings: Reading[] = [];
  const shards: InputShard[] = [];
  for (const source of sources) {
    for (let index = 0; index < 2; index++) {
      const own: Reading[] = [];
      let time = 1000;
      for (let n = random.between(4, 14); n > 0; n--) {
        time += random.between(0, 60);
        const id = readings.length + own.length;
        own.push({
          id,
          key: random.pick(KEYS),
          time: time - random.between(0, DISORDER_MS),
          padding: paddingOf(random, paddingLength),
        });
      }
      readings.push(...own);
      const records = own.map((reading) => ({
        bytes: encodeValue(reading),
        afterMs: random.spread(10, pauseMsMax),
      }));
      shards.push({ name: `${source}-${index}`, source, records });
    }
  }
  return { readings, shards };
}

/** Text that cannot be compressed much. */
function paddingOf(random: SeededRandom, length: number): string {
  let text = '';
  while (text.length < length) text += random.next().toString(36).slice(2);
  return text.slice(0, length);
}
