/** WatermarkGenerator: the built-in generators by themselves. */
import { WatermarkStrategy } from '../../../lib/api/watermark-strategy.ts';
import { millis } from '../../../lib/core/duration.ts';
import type { WatermarkGenerator, WatermarkOutput } from '../../../lib/core/watermark.ts';
import { type Fields, integerField, requireKnownFields } from '../fields.ts';
import type { GoldenCase } from '../golden-case.ts';
import { decodeTime, encodeTime } from '../numbers.ts';
import { runSteps } from '../step-runner.ts';
import { CannotExpress } from '../verdict.ts';

export function runWatermarkGenerator(golden: GoldenCase): Promise<void> {
  const generator = generatorOf(golden.config);
  const items: Fields[] = [];
  const output: WatermarkOutput = {
    emitWatermark: (watermark) => void items.push({ watermark: encodeTime(watermark) }),
    markIdle: () => void items.push({ watermarkStatus: 'IDLE' }),
    markActive: () => void items.push({ watermarkStatus: 'ACTIVE' }),
  };
  return runSteps(golden, { apply: (step) => applyStep(generator, step, output), output: () => items });
}

function generatorOf(config: Fields): WatermarkGenerator<unknown> {
  requireKnownFields(config, ['type', 'delayMs'], 'config');
  switch (config.type) {
    case 'BoundedOutOfOrderness':
      return WatermarkStrategy.forBoundedOutOfOrderness<unknown>(
        millis(integerField(config, 'delayMs', 'config')),
      ).createGenerator();
    case 'AscendingTimestamps':
      return WatermarkStrategy.forMonotonousTimestamps<unknown>().createGenerator();
    case 'NoWatermarks':
      return WatermarkStrategy.noWatermarks<unknown>().createGenerator();
    default:
      throw new CannotExpress(`generator ${JSON.stringify(config.type)}`);
  }
}

function applyStep(generator: WatermarkGenerator<unknown>, step: Fields, output: WatermarkOutput): void {
  if (step.onPeriodicEmit !== undefined) {
    requireKnownFields(step, ['onPeriodicEmit'], 'step');
    generator.onPeriodicEmit(output);
  } else {
    requireKnownFields(step, ['onEvent'], 'step');
    generator.onEvent(undefined, decodeTime(step.onEvent), output);
  }
}
