/** WatermarkValve: steps are watermarks and statuses of channels. */
import { WatermarkValve } from '../../../lib/protocol/watermark-valve.ts';
import { RecordingOutput } from '../../../lib/testing/harness-output.ts';
import { type Fields, integerField, requireKnownFields } from '../fields.ts';
import type { GoldenCase } from '../golden-case.ts';
import { statusOf } from '../harness-subject.ts';
import { decodeTime, encodeTime } from '../numbers.ts';
import { runSteps } from '../step-runner.ts';

export function runWatermarkValve(golden: GoldenCase): Promise<void> {
  requireKnownFields(golden.config, ['channels'], 'config');
  const output = new RecordingOutput<never>();
  const valve = new WatermarkValve(integerField(golden.config, 'channels', 'config'), output);
  return runSteps(golden, {
    apply: (step) => applyStep(valve, step),
    output: () =>
      output.elements.map((item) =>
        'watermark' in item ? { watermark: encodeTime(item.watermark) } : { ...item },
      ),
  });
}

function applyStep(valve: WatermarkValve, step: Fields): void {
  const channel = integerField(step, 'channel', 'step');
  if (step.watermark !== undefined) {
    requireKnownFields(step, ['channel', 'watermark'], 'step');
    valve.inputWatermark(channel, decodeTime(step.watermark));
  } else {
    requireKnownFields(step, ['channel', 'watermarkStatus'], 'step');
    valve.inputWatermarkStatus(channel, statusOf(step.watermarkStatus) === 'IDLE');
  }
}
