import type { WatermarkGenerator, WatermarkStrategySpec } from '../../core/watermark.ts';
import { WatermarksWithIdleness } from './watermarks-with-idleness.ts';

/** The generator of a strategy, with its idleness. `clock` measures the idleness. Unit: ms. */
export function createWatermarkGenerator<T>(
  { createGenerator, idleTimeoutMs }: WatermarkStrategySpec<T>,
  clock: { now(): number },
): WatermarkGenerator<T> {
  const generator = createGenerator();
  return idleTimeoutMs === undefined
    ? generator
    : new WatermarksWithIdleness(generator, { idleTimeoutMs, clock });
}
