/** SessionMerge: which windows a session assigner merges. */
import { EventTimeSessionWindows } from '../../../lib/api/windows/event-time-session-windows.ts';
import { millis } from '../../../lib/core/duration.ts';
import type { TimeWindow } from '../../../lib/core/window/window.ts';
import { requireEqual } from '../comparison.ts';
import { asList, type Fields, integerField, requireKnownFields } from '../fields.ts';
import type { GoldenCase } from '../golden-case.ts';
import { goldenTimeWindow, timeWindowOf } from './time-window-notation.ts';

export function runSessionMerge(golden: GoldenCase): void {
  requireKnownFields(golden.config, ['gapMs'], 'config');
  const assigner = EventTimeSessionWindows.withGap(millis(integerField(golden.config, 'gapMs', 'config')));
  const actual: Fields[] = [];
  for (const step of golden.steps) {
    requireKnownFields(step, ['mergeWindows'], 'step');
    const windows = asList(step.mergeWindows, 'mergeWindows').map(timeWindowOf);
    assigner.mergeWindows(windows, (sources, result) => actual.push(merge(sources, result)));
  }
  const expected = golden.expected.map((item) => {
    requireKnownFields(item, ['merged', 'result'], 'expected merge');
    return merge(asList(item.merged, 'merged').map(timeWindowOf), timeWindowOf(item.result));
  });
  requireEqual(golden.order, expected, actual);
}

function merge(sources: readonly TimeWindow[], result: TimeWindow): Fields {
  return { merged: sources.map(goldenTimeWindow).sort(), result: goldenTimeWindow(result) };
}
