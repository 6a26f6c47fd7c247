import type { Input } from '../operator.ts';

/** Gives every record to all main outputs and every watermark to side outputs too. */
class FanOut implements Input {
  readonly #mains: readonly Input[];
  readonly #all: readonly Input[];

  constructor(mains: readonly Input[], sides: readonly Input[]) {
    this.#mains = mains;
    this.#all = [...mains, ...sides];
  }

  processElement(value: unknown, timestamp: number): void {
    for (const main of this.#mains) main.processElement(value, timestamp);
  }

  processWatermark(watermark: number): void {
    for (const input of this.#all) input.processWatermark(watermark);
  }

  processWatermarkStatus(idle: boolean): void {
    for (const input of this.#all) input.processWatermarkStatus(idle);
  }
}

/** The one input when there is no choice, else a FanOut. */
export function fanOut(mains: readonly Input[], sides: readonly Input[]): Input {
  const [only] = mains;
  return only !== undefined && mains.length === 1 && sides.length === 0 ? only : new FanOut(mains, sides);
}
