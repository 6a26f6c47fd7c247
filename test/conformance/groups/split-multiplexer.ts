/**
 * PerSplitWatermarkMultiplexer: steps are watermarks and idleness of splits; the last state of the output
 * counts.
 */
import type { WatermarkOutput } from '../../../lib/core/watermark.ts';
import { SplitWatermarkMultiplexer } from '../../../lib/protocol/split-watermark-multiplexer.ts';
import { show } from '../comparison.ts';
import { booleanField, type Fields, requireKnownFields, stringField } from '../fields.ts';
import type { GoldenCase } from '../golden-case.ts';
import { canonicalTime, decodeTime, encodeTime } from '../numbers.ts';
import { runSteps } from '../step-runner.ts';
import { CannotExpress, Difference } from '../verdict.ts';

/** Keeps everything that came out, and what it amounts to. */
class OutputLog implements WatermarkOutput {
  readonly items: Fields[] = [];
  lastWatermark: number | undefined;
  idle = false;

  emitWatermark(watermark: number): void {
    this.lastWatermark = watermark;
    this.items.push({ watermark: encodeTime(watermark) });
  }

  markIdle(): void {
    this.idle = true;
    this.items.push({ watermarkStatus: 'IDLE' });
  }

  markActive(): void {
    this.idle = false;
    this.items.push({ watermarkStatus: 'ACTIVE' });
  }
}

export async function runSplitMultiplexer(golden: GoldenCase): Promise<void> {
  requireKnownFields(golden.config, [], 'config');
  const log = new OutputLog();
  const multiplexer = new SplitWatermarkMultiplexer(log);
  for (const split of splitsFromTheStart(golden.steps)) multiplexer.registerNewOutput(split);
  const subject = { apply: (step: Fields) => applyStep(multiplexer, step), output: () => log.items };
  if (golden.order !== 'final-state') return runSteps(golden, subject);
  await runSteps({ ...golden, order: 'records-any-ignore-watermarks', expected: [] }, subject);
  requireFinalState(golden, log);
}

/** Splits of a case exist from its start, except those that a step adds. */
function splitsFromTheStart(steps: readonly Fields[]): ReadonlySet<string> {
  const splits = new Set<string>();
  const added = new Set<unknown>();
  for (const { split, addSplit } of steps) {
    if (addSplit !== undefined) added.add(addSplit);
    else if (typeof split === 'string' && !added.has(split)) splits.add(split);
  }
  return splits;
}

function applyStep(multiplexer: SplitWatermarkMultiplexer, step: Fields): void {
  if (step.onPeriodicEmit !== undefined) {
    requireKnownFields(step, ['onPeriodicEmit'], 'step');
    multiplexer.onPeriodicEmit();
  } else if (step.addSplit !== undefined) {
    requireKnownFields(step, ['addSplit'], 'step');
    multiplexer.registerNewOutput(stringField(step, 'addSplit', 'step'));
  } else if (step.removeSplit !== undefined) {
    requireKnownFields(step, ['removeSplit'], 'step');
    multiplexer.unregisterOutput(stringField(step, 'removeSplit', 'step'));
  } else {
    requireKnownFields(step, ['split', 'mode', 'watermark', 'idle'], 'step');
    applyToSplit(outputOf(multiplexer, step), step);
  }
}

function outputOf(multiplexer: SplitWatermarkMultiplexer, step: Fields): WatermarkOutput {
  const split = stringField(step, 'split', 'step');
  if (step.mode === 'immediate') return multiplexer.getImmediateOutput(split);
  if (step.mode === 'deferred') return multiplexer.getDeferredOutput(split);
  throw new CannotExpress(`mode ${JSON.stringify(step.mode)}`);
}

function applyToSplit(output: WatermarkOutput, step: Fields): void {
  if (step.watermark !== undefined) output.emitWatermark(decodeTime(step.watermark));
  if (step.idle === undefined) return;
  if (booleanField(step, 'idle', 'step')) output.markIdle();
  else output.markActive();
}

function requireFinalState(golden: GoldenCase, log: OutputLog): void {
  const [expected, ...more] = golden.expected;
  if (expected === undefined || more.length > 0)
    throw new CannotExpress('final-state with other than one expectation');
  requireKnownFields(expected, ['lastWatermark', 'idle'], 'expected state');
  const actual: Record<string, unknown> = {};
  const wanted: Record<string, unknown> = {};
  if ('lastWatermark' in expected) {
    wanted.lastWatermark = expected.lastWatermark === null ? null : canonicalTime(expected.lastWatermark);
    actual.lastWatermark = log.lastWatermark === undefined ? null : encodeTime(log.lastWatermark);
  }
  if ('idle' in expected) {
    wanted.idle = expected.idle;
    actual.idle = log.idle;
  }
  if (show(wanted) !== show(actual)) throw new Difference(`expected ${show(wanted)}, actual ${show(actual)}`);
}
