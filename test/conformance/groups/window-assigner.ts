/** WindowAssigner: which windows an assigner gives a time, and which parameters it refuses. */
import { TimeWindow, type Window } from '../../../lib/core/window/window.ts';
import { requireEqual } from '../comparison.ts';
import { asFields, asList, type Fields, requireKnownFields, stringField } from '../fields.ts';
import type { GoldenCase } from '../golden-case.ts';
import { canonicalTime, decodeTime, encodeTime } from '../numbers.ts';
import { isRefusal } from '../step-runner.ts';
import { CannotExpress, Difference } from '../verdict.ts';
import { type AnyAssigner, createAssigner, isProcessingTimeType } from '../window-vocabulary.ts';

export function runWindowAssigner(golden: GoldenCase): void {
  const actual: Fields[] = [];
  let assigner: AnyAssigner | undefined;
  const times = golden.steps.map((step) => step.assign).filter((time) => time !== undefined);
  for (const [index, step] of golden.steps.entries()) {
    if (step.construct !== undefined) {
      requireKnownFields(step, ['construct'], 'step');
      requireOutcome(golden, index, () => void createAssigner(asFields(step.construct, 'construct'), []));
    } else {
      requireKnownFields(step, ['assign', 'element', 'currentProcessingTime'], 'step');
      requireOutcome(golden, index, () => {
        assigner ??= createAssigner(golden.config, times, ['currentProcessingTime']);
        actual.push({ windows: windowsOf(assigner, golden.config, step) });
      });
    }
  }
  const expected = golden.expected.map((item) => {
    requireKnownFields(item, ['windows'], 'expected windows');
    return { windows: asList(item.windows, 'windows').map(canonicalWindow).sort() };
  });
  requireEqual(golden.order, expected, actual);
}

/** Every step of a case that expects an error must be refused; no step of another case may be. */
function requireOutcome({ expectError }: GoldenCase, index: number, step: () => void): void {
  let refusal: unknown;
  try {
    step();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    refusal = error;
  }
  if ((refusal !== undefined) === (expectError !== undefined)) return;
  const actual = refusal instanceof Error ? refusal.message : 'none';
  throw new Difference(
    `step ${index}: expected error ${JSON.stringify(expectError ?? 'none')}, actual ${actual}`,
  );
}

/** For processing-time assigners the time to assign is the clock's. */
function windowsOf(assigner: AnyAssigner, config: Fields, step: Fields): readonly string[] {
  const time = decodeTime(step.assign);
  const ofClock = isProcessingTimeType(stringField(config, 'type', 'config'));
  const clock = step.currentProcessingTime ?? config.currentProcessingTime;
  const now = clock === undefined ? (ofClock ? time : 0) : decodeTime(clock);
  return assigner.assignWindows(step.element, time, now).map(goldenWindow).sort();
}

function goldenWindow(window: Window): string {
  if (window instanceof TimeWindow) return JSON.stringify([encodeTime(window.start), encodeTime(window.end)]);
  throw new CannotExpress('the notation of a window that is no time window');
}

function canonicalWindow(window: unknown): string {
  return JSON.stringify(asList(window, 'window').map(canonicalTime));
}
