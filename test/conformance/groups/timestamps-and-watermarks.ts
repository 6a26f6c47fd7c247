/** TimestampsAndWatermarks: the assigner operator with generators described in words. */
import { WatermarkStrategy } from '../../../lib/api/watermark-strategy.ts';
import { millis } from '../../../lib/core/duration.ts';
import { addClamped } from '../../../lib/core/time.ts';
import type { WatermarkGenerator } from '../../../lib/core/watermark.ts';
import {
  type OneInputSpec,
  OneInputStreamOperatorTestHarness,
} from '../../../lib/testing/one-input-harness.ts';
import { type Fields, integerField, optionalInteger, requireKnownFields } from '../fields.ts';
import type { GoldenCase } from '../golden-case.ts';
import { HarnessSubject } from '../harness-subject.ts';
import { decodeTimesIn, encodeTimesIn } from '../numbers.ts';
import { runSteps } from '../step-runner.ts';
import { CannotExpress } from '../verdict.ts';
import { keySelectorOf } from './key-selector.ts';

/** What Flink's own test of this operator uses throughout. Unit: ms. */
const DEFAULT_INTERVAL_MS = 50;
const CONFIG_FIELDS = [
  'autoWatermarkIntervalMs',
  'timestampAssigner',
  'generator',
  'idleTimeoutMs',
  'runtimeMode',
  'delayMs',
];

export async function runTimestampsAndWatermarks(golden: GoldenCase): Promise<void> {
  const { config } = golden;
  requireKnownFields(config, CONFIG_FIELDS, 'config');
  if (config.runtimeMode === 'BATCH') throw new CannotExpress('runtime mode BATCH is not supported');
  if (config.runtimeMode !== undefined && config.runtimeMode !== 'STREAMING') {
    throw new CannotExpress(`runtimeMode ${JSON.stringify(config.runtimeMode)}`);
  }
  const spec: OneInputSpec = { kind: 'timestampsAndWatermarks', watermarks: strategyOf(config) };
  const autoWatermarkIntervalMs =
    optionalInteger(config, 'autoWatermarkIntervalMs', 'config') ?? DEFAULT_INTERVAL_MS;
  const subject = await HarnessSubject.open(
    (initialProcessingTime) =>
      new OneInputStreamOperatorTestHarness<unknown, unknown>(spec, {
        initialProcessingTime,
        autoWatermarkIntervalMs,
      }),
    { decode: decodeTimesIn, encode: encodeTimesIn },
  );
  return runSteps(golden, subject, (record) => encodeTimesIn(decodeTimesIn(record)));
}

function strategyOf(config: Fields): WatermarkStrategy<unknown> {
  let strategy = generatorStrategy(config);
  const assigner = timestampAssignerOf(config.timestampAssigner);
  if (assigner !== undefined) strategy = strategy.withTimestampAssigner(assigner);
  const idleTimeoutMs = optionalInteger(config, 'idleTimeoutMs', 'config');
  return idleTimeoutMs === undefined ? strategy : strategy.withIdleness(millis(idleTimeoutMs));
}

/** The field of the element that holds its time: `value`, `value[1]`. */
function timestampAssignerOf(assigner: unknown): ((element: unknown) => number) | undefined {
  if (assigner === undefined) return undefined;
  const select = keySelectorOf(assigner === 'value' || assigner === 'element' ? 'identity' : assigner);
  return (element) => {
    const time = select(element);
    if (typeof time !== 'number') throw new CannotExpress(`the timestamp of ${JSON.stringify(element)}`);
    return time;
  };
}

function generatorStrategy(config: Fields): WatermarkStrategy<unknown> {
  const { generator } = config;
  if (generator === 'never') return WatermarkStrategy.noWatermarks();
  if (generator === 'AscendingTimestamps') return WatermarkStrategy.forMonotonousTimestamps();
  if (generator === 'BoundedOutOfOrderness') {
    return WatermarkStrategy.forBoundedOutOfOrderness(millis(integerField(config, 'delayMs', 'config')));
  }
  const text = typeof generator === 'string' ? generator : '';
  const [, which, lag] = /^periodic: wm = (last|max)EventTs - (\d+)/.exec(text) ?? [];
  if (which !== undefined)
    return WatermarkStrategy.forGenerator(() => periodic(which === 'max', Number(lag)));
  if (/^punctuated(: if value\[0\] emit wm=value\[1\].*)?$/.test(text)) {
    return WatermarkStrategy.forGenerator(() => PUNCTUATED);
  }
  throw new CannotExpress(`generator ${JSON.stringify(generator)}`);
}

function periodic(ofMaximum: boolean, lagMs: number): WatermarkGenerator<unknown> {
  let watermark: number | undefined;
  return {
    onEvent: (_event, timestamp) => {
      const next = addClamped(timestamp, -lagMs);
      watermark = ofMaximum && watermark !== undefined ? Math.max(watermark, next) : next;
    },
    onPeriodicEmit: (output) => {
      if (watermark !== undefined) output.emitWatermark(watermark);
    },
  };
}

const PUNCTUATED: WatermarkGenerator<unknown> = {
  onEvent: (event, _timestamp, output) => {
    const [marks, watermark] = Array.isArray(event) ? (event as readonly unknown[]) : [];
    if (marks === true && typeof watermark === 'number') output.emitWatermark(watermark);
  },
  onPeriodicEmit: () => {},
};
