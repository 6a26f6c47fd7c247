import type { SeededRandom } from './seeded-random.ts';

/** A record as a shard gives it out. */
export interface ShardRecord {
  /** Digits of one length, rising along the shard. */
  readonly sequenceNumber: string;
  readonly bytes: Uint8Array;
  /** Unit: ms of virtual time. */
  readonly arrivedAt: number;
  /** Nothing follows in the shard, for good. */
  readonly last: boolean;
}

interface KeptRecord {
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly arrivedAt: number;
}

const SPACING = 1_000_000;

/** An ordered sequence of records. What has not been read yet may still get earlier neighbours. */
export class Shard {
  readonly name: string;
  readonly #records: KeptRecord[] = [];
  #closed = false;
  #readThrough = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** True if nothing will be added any more. */
  get closed(): boolean {
    return this.#closed;
  }

  get length(): number {
    return this.#records.length;
  }

  /** Adds a record, at most `earlier` places before the end and never before what was read; its number. */
  add(bytes: Uint8Array, arrivedAt: number, earlier = 0): string {
    const records = this.#records;
    const index = Math.max(this.#readThrough, records.length - earlier);
    const below = records[index - 1]?.number ?? 0;
    const above = records[index]?.number ?? below + 2 * SPACING;
    const number = Math.floor((below + above) / 2);
    if (number === below) return this.add(bytes, arrivedAt);
    records.splice(index, 0, { number, bytes, arrivedAt });
    return sequenceNumber(number);
  }

  /** Loses a record that nobody has read yet; false if somebody has. */
  drop(number: string): boolean {
    const index = this.#records.findIndex((record) => sequenceNumber(record.number) === number);
    if (index < this.#readThrough) return false;
    this.#records.splice(index, 1);
    return true;
  }

  /** Nothing will be added any more. To be called before the last record is read. */
  close(): void {
    this.#closed = true;
  }

  /** Records from `index` on, at most `limit`; every reader gets bytes of its own. */
  read(index: number, limit: number): readonly ShardRecord[] {
    const records = this.#records.slice(index, index + limit);
    this.#readThrough = Math.max(this.#readThrough, index + records.length);
    return records.map(({ number, bytes, arrivedAt }) => ({
      sequenceNumber: sequenceNumber(number),
      bytes: new Uint8Array(bytes),
      arrivedAt,
      last: this.#closed && number === this.#records.at(-1)?.number,
    }));
  }

  /** Index of the first record behind a sequence number; 0 for the beginning. */
  indexBehind(position: string): number {
    const index = this.#records.findIndex(({ number }) => sequenceNumber(number) > position);
    return index < 0 ? this.#records.length : index;
  }
}

/** How a sent record finds its place: see `Shard.add`. */
export function drawReordering(random: SeededRandom, probability: number): number {
  return random.chance(probability) ? random.between(1, 4) : 0;
}

function sequenceNumber(number: number): string {
  return String(number).padStart(20, '0');
}
