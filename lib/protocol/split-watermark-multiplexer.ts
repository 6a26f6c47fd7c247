/**
 * SplitWatermarkMultiplexer: combines the watermarks of the splits of one source subtask.
 *
 * I1  The combined watermark is the minimum over the splits that are not idle, and it never falls.
 * I2  It is idle exactly when every registered split is; without splits it is neither idle nor has it a
 *     watermark.
 * I3  Watermarks of an immediate output take effect at once, those of a deferred one at the next
 *     `onPeriodicEmit`.
 * I4  Removing a split takes effect at the next update.
 *
 * Source: Flink's WatermarkOutputMultiplexer.
 */
import { InvariantError } from '../core/errors.ts';
import { MIN_TIMESTAMP } from '../core/time.ts';
import type { WatermarkOutput } from '../core/watermark.ts';

/** What is known of one split. */
class SplitWatermark {
  watermark = MIN_TIMESTAMP;
  idle = false;

  /** True if the watermark rose; a watermark also ends idleness. */
  advance(watermark: number): boolean {
    this.idle = false;
    if (watermark <= this.watermark) return false;
    this.watermark = watermark;
    return true;
  }
}

/** Combines the watermark outputs of splits into one. Source: Flink's WatermarkOutputMultiplexer. */
export class SplitWatermarkMultiplexer {
  readonly #output: WatermarkOutput;
  readonly #splits = new Map<string, SplitWatermark>();
  #watermark = MIN_TIMESTAMP;
  #idle = false;

  constructor(output: WatermarkOutput) {
    this.#output = output;
  }

  /**
   * Adds a split, which holds the watermark back until it emits. Throws InvariantError INVARIANT if it is
   * there.
   */
  registerNewOutput(splitId: string): void {
    if (this.#splits.has(splitId)) {
      throw new InvariantError('INVARIANT', `Split ${splitId} already has a watermark output.`);
    }
    this.#splits.set(splitId, new SplitWatermark());
  }

  /** Removes a finished split; false if it is not there. */
  unregisterOutput(splitId: string): boolean {
    return this.#splits.delete(splitId);
  }

  /**
   * The last watermark of a split. Unit: ms since the epoch. Throws InvariantError INVARIANT for an unknown
   * split.
   */
  watermarkOf(splitId: string): number {
    return this.#split(splitId).watermark;
  }

  /**
   * The output whose watermarks take effect at once. Throws InvariantError INVARIANT for an unknown split.
   */
  getImmediateOutput(splitId: string): WatermarkOutput {
    const split = this.#split(splitId);
    return {
      emitWatermark: (watermark) => {
        if (split.advance(watermark) && watermark > this.#watermark) this.#update();
      },
      markIdle: () => {
        split.idle = true;
        this.#update();
      },
      markActive: () => {
        split.idle = false;
        this.#update();
      },
    };
  }

  /**
   * The output whose watermarks wait for `onPeriodicEmit`. Throws InvariantError INVARIANT for an unknown
   * split.
   */
  getDeferredOutput(splitId: string): WatermarkOutput {
    const split = this.#split(splitId);
    return {
      emitWatermark: (watermark) => {
        split.advance(watermark);
      },
      markIdle: () => {
        split.idle = true;
      },
      markActive: () => {
        split.idle = false;
      },
    };
  }

  /** Combines what the deferred outputs have gathered. */
  onPeriodicEmit(): void {
    this.#update();
  }

  #update(): void {
    if (this.#splits.size === 0) return;
    let minimum = Number.POSITIVE_INFINITY;
    for (const { idle, watermark } of this.#splits.values()) {
      if (!idle && watermark < minimum) minimum = watermark;
    }
    const idle = minimum === Number.POSITIVE_INFINITY;
    if (idle !== this.#idle) {
      this.#idle = idle;
      if (idle) this.#output.markIdle();
      else this.#output.markActive();
    }
    if (!idle && minimum > this.#watermark) {
      this.#watermark = minimum;
      this.#output.emitWatermark(minimum);
    }
  }

  #split(splitId: string): SplitWatermark {
    const split = this.#splits.get(splitId);
    if (split !== undefined) return split;
    throw new InvariantError('INVARIANT', `No watermark output is registered for split ${splitId}.`);
  }
}
