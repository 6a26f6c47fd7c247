import type { Random } from '../../ports/random.ts';

/** The generator sfc32: small, fast, and the same numbers on every machine for the same seed. */
export class SeededRandom implements Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed >>> 0;
    this.#b = Math.floor(seed / 0x1_0000_0000) >>> 0;
    this.#c = 0x9e37_79b9;
    for (let i = 0; i < 12; i++) this.#bits();
  }

  next(): number {
    return this.#bits() / 0x1_0000_0000;
  }

  /** A whole number from `low` to `high`, both inclusive. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return probability > 0 && this.next() < probability;
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    // The index is below the length of a list that is not empty.
    return list[this.between(0, list.length - 1)] as T;
  }

  shuffled<T>(list: readonly T[]): T[] {
    const rest = [...list];
    const result: T[] = [];
    while (rest.length > 0) result.push(...rest.splice(this.between(0, rest.length - 1), 1));
    return result;
  }

  /** Mostly near `low`, now and then near `high`, on a scale of powers: delays are like that. */
  spread(low: number, high: number): number {
    return Math.round(low * (high / low) ** (this.next() * this.next()));
  }

  /** A generator of its own, so that what one part draws does not change what another does. */
  fork(): SeededRandom {
    return new SeededRandom(this.#bits() + (this.#bits() & 0xf_ffff) * 0x1_0000_0000);
  }

  #bits(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}
