/**
 * Watermark of an operator with several inputs: the least over the inputs that are not idle.
 *
 * I1 The combined watermark never falls. I2 Idle inputs do not count; if all are idle it stays where it is.
 * Source: Flink's IndexedCombinedWatermarkStatus.
 */
import { MAX_WATERMARK, MIN_TIMESTAMP } from '../core/time.ts';

/** One input as it was last heard. Unit: ms since the epoch. */
export interface InputWatermark {
  readonly watermark: number;
  readonly idle: boolean;
}

export class CombinedWatermark {
  readonly #inputs: InputWatermark[];
  #watermark: number;
  #idle: boolean;

  /** `watermark` is the combined watermark to start at. */
  constructor(inputs: readonly InputWatermark[], watermark: number = MIN_TIMESTAMP) {
    this.#inputs = [...inputs];
    this.#watermark = watermark;
    this.#idle = this.#allIdle();
  }

  /** Of `count` inputs that have not been heard yet. */
  static ofInputs(count: number): CombinedWatermark {
    return new CombinedWatermark(
      Array.from({ length: count }, () => ({ watermark: MIN_TIMESTAMP, idle: false })),
    );
  }

  get watermark(): number {
    return this.#watermark;
  }

  /** True if every input is idle. */
  get idle(): boolean {
    return this.#idle;
  }

  get inputs(): readonly InputWatermark[] {
    return this.#inputs.slice();
  }

  /** A watermark makes its input active. True if the combined watermark advanced. */
  updateWatermark(index: number, watermark: number): boolean {
    const input = this.#inputs[index];
    if (input === undefined) return false;
    this.#inputs[index] = { watermark: Math.max(input.watermark, watermark), idle: false };
    return this.#combine();
  }

  /** True if the combined watermark advanced. */
  updateStatus(index: number, idle: boolean): boolean {
    const input = this.#inputs[index];
    if (input === undefined || input.idle === idle) return false;
    this.#inputs[index] = { watermark: input.watermark, idle };
    return this.#combine();
  }

  #combine(): boolean {
    this.#idle = this.#allIdle();
    if (this.#idle) return false;
    let least = MAX_WATERMARK;
    for (const { watermark, idle } of this.#inputs) if (!idle && watermark < least) least = watermark;
    if (least <= this.#watermark) return false;
    this.#watermark = least;
    return true;
  }

  #allIdle(): boolean {
    return this.#inputs.every(({ idle }) => idle);
  }
}
