import { encodeValue } from '../../core/codec/value-codec.ts';
import type { SeededRandom } from './seeded-random.ts';
import { type InputShard, ownerOfShard } from './simulated-job.ts';

/** A record of a generated job. */
export interface Reading {
  /** Unique over all shards. */
  readonly id: number;
  readonly source: string;
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
  /** Ids in orders that hold for each key: those of a shard, and behind them those of a child. */
  readonly lanes: readonly (readonly number[])[];
}

export interface InputRequest {
  readonly sources: readonly string[];
  /** Subtasks of each source. */
  readonly sourceParallelism: number;
}

/** A shard by its number, with the numbers of those that were closed for it. */
interface ShardPlace {
  readonly index: number;
  readonly parents: readonly number[];
}

const TWO_SHARDS: readonly ShardPlace[] = [
  { index: 0, parents: [] },
  { index: 1, parents: [] },
];
/** One shard is closed and two others take over. */
const SPLIT: readonly ShardPlace[] = [...TWO_SHARDS, { index: 2, parents: [0] }, { index: 3, parents: [0] }];
/** Both shards are closed and one takes over. */
const MERGE: readonly ShardPlace[] = [...TWO_SHARDS, { index: 2, parents: [0, 1] }];
const SPLIT_AND_MERGE: readonly ShardPlace[] = [...SPLIT, { index: 4, parents: [2, 3] }];

/** A shard with what is in it. */
interface FilledShard {
  readonly place: ShardPlace;
  readonly readings: readonly Reading[];
  readonly shard: InputShard;
  /** Highest time. Unit: ms since the epoch. */
  readonly time: number;
  /** When its last record arrives. Unit: ms from the start. */
  readonly endMs: number;
}

/** At least two shards for each source, with times that rise but for a bounded disorder. */
export function generateInput(random: SeededRandom, request: InputRequest): GeneratedInput {
  const generator = new InputGenerator(random);
  const readings: Reading[] = [];
  const shards: InputShard[] = [];
  const lanes: (readonly number[])[] = [];
  for (const source of request.sources) {
    const places = random.pick([TWO_SHARDS, TWO_SHARDS, TWO_SHARDS, SPLIT, MERGE, SPLIT_AND_MERGE]);
    const filled: FilledShard[] = [];
    for (const place of places) filled.push(generator.fill(source, place, filled));
    readings.push(...filled.flatMap((one) => one.readings));
    shards.push(...filled.map(({ shard }) => shard));
    lanes.push(...lanesOf(filled, request.sourceParallelism));
  }
  return { readings, shards, lanes };
}

class InputGenerator {
  readonly #random: SeededRandom;
  readonly #paddingLength: number;
  readonly #pauseMsMax: number;
  #ids = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#paddingLength = random.chance(0.2) ? random.between(8000, 24_000) : 0;
    this.#pauseMsMax = random.pick([20_000, 120_000, 120_000, 1_200_000]);
  }

  /** `before` holds the parents. */
  fill(source: string, place: ShardPlace, before: readonly FilledShard[]): FilledShard {
    const random = this.#random;
    const parents = before.filter((one) => place.parents.includes(one.place.index));
    let time = Math.max(1000, ...parents.map((parent) => parent.time));
    let endMs = Math.max(0, ...parents.map((parent) => parent.endMs));
    const startMs = endMs;
    const readings: Reading[] = [];
    for (let n = parents.length > 0 ? random.between(1, 6) : random.between(4, 14); n > 0; n--) {
      time += random.between(0, 60);
      readings.push({
        id: this.#ids++,
        source,
        key: random.pick(KEYS),
        time: time - random.between(0, DISORDER_MS),
        padding: paddingOf(random, this.#paddingLength),
      });
    }
    const records = readings.map((reading, position) => {
      const pauseMs = random.spread(10, this.#pauseMsMax);
      endMs += pauseMs;
      return { bytes: encodeValue(reading), afterMs: pauseMs + (position === 0 ? startMs : 0) };
    });
    const name = `${source}-${place.index}`;
    const shard = { name, source, parents: parents.map((parent) => parent.shard.name), records };
    return { place, readings, shard, time, endMs };
  }
}

/** Order is kept from a shard to its child only where one subtask reads both. */
function lanesOf(filled: readonly FilledShard[], parallelism: number): readonly (readonly number[])[] {
  return filled.flatMap(({ shard, readings }) => {
    const own = readings.map(({ id }) => id);
    const parents = filled.filter(
      (one) =>
        shard.parents.includes(one.shard.name) &&
        ownerOfShard(one.shard.name, parallelism) === ownerOfShard(shard.name, parallelism),
    );
    if (parents.length === 0) return [own];
    return parents.map((parent) => [...parent.readings.map(({ id }) => id), ...own]);
  });
}

/** Text that cannot be compressed much. */
function paddingOf(random: SeededRandom, length: number): string {
  let text = '';
  while (text.length < length) text += random.next().toString(36).slice(2);
  return text.slice(0, length);
}
