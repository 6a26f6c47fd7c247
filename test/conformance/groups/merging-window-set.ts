/** MergingWindowSet: how windows merge and which state window each keeps. */
import { TimeWindow } from '../../../lib/core/window/window.ts';
import { MergingWindowSet, type WindowMerge } from '../../../lib/runtime/window/merging-window-set.ts';
import { show } from '../comparison.ts';
import { asFields, asList, booleanField, type Fields, requireKnownFields } from '../fields.ts';
import type { GoldenCase } from '../golden-case.ts';
import { decodeTime } from '../numbers.ts';
import { CannotExpress, Difference } from '../verdict.ts';
import { createAssigner } from '../window-vocabulary.ts';
import { goldenTimeWindow, timeWindowOf } from './time-window-notation.ts';

const ADD_FIELDS = [
  'addWindow',
  'expectResult',
  'expectMerged',
  'expectMergeSources',
  'expectStateWindow',
  'expectStateWindowOneOf',
  'expectMergedStateWindows',
];

export function runMergingWindowSet(golden: GoldenCase): void {
  requireKnownFields(golden.config, ['assigner'], 'config');
  if (golden.order !== 'final-state') throw new CannotExpress(`order ${JSON.stringify(golden.order)}`);
  const assigner = createAssigner(asFields(golden.config.assigner, 'assigner'), []);
  const { mergeWindows } = assigner;
  if (mergeWindows === undefined) throw new CannotExpress('an assigner that does not merge');
  const windows = new MergingWindowSet({ mergeWindows: mergeWindows.bind(assigner) }, []);
  for (const [index, step] of golden.steps.entries()) applyStep(windows, step, `step ${index}`);
  for (const item of golden.expected) {
    requireKnownFields(item, ['stateWindows'], 'expected state');
    requireStateWindows(windows, asFields(item.stateWindows, 'stateWindows'));
  }
}

function applyStep(windows: MergingWindowSet, step: Fields, where: string): void {
  if (step.retireWindow !== undefined) {
    requireKnownFields(step, ['retireWindow'], 'step');
    windows.retireWindow(timeWindowOf(step.retireWindow));
    return;
  }
  requireKnownFields(step, ADD_FIELDS, 'step');
  const merges: WindowMerge[] = [];
  const result = windows.addWindow(timeWindowOf(step.addWindow), (merge) => merges.push(merge));
  const check = (what: string, expected: unknown, actual: unknown) => {
    if (show(expected) === show(actual)) return;
    throw new Difference(`${where}: ${what}: expected ${show(expected)}, actual ${show(actual)}`);
  };
  check('result', goldenTimeWindow(timeWindowOf(step.expectResult)), goldenTimeWindow(result));
  if (step.expectMerged !== undefined)
    check('merged', booleanField(step, 'expectMerged', 'step'), merges.length > 0);
  const sources = merges.flatMap((merge) => merge.sources);
  if (step.expectMergeSources !== undefined)
    check('merge sources', textsOf(step.expectMergeSources), sorted(sources));
  const merged = sorted(merges.flatMap((merge) => merge.stateSources));
  checkStateWindows(step, { stateWindow: windows.getStateWindow(result), merged }, check);
}

type Check = (what: string, expected: unknown, actual: unknown) => void;

interface StateWindows {
  readonly stateWindow: TimeWindow | undefined;
  /** State windows whose contents were moved into `stateWindow`. */
  readonly merged: readonly string[];
}

function checkStateWindows(step: Fields, { stateWindow, merged }: StateWindows, check: Check): void {
  const actual = stateWindow === undefined ? 'none' : goldenTimeWindow(stateWindow);
  if (step.expectStateWindow !== undefined) {
    check('state window', goldenTimeWindow(timeWindowOf(step.expectStateWindow)), actual);
  }
  const candidates = step.expectStateWindowOneOf === undefined ? [] : textsOf(step.expectStateWindowOneOf);
  if (candidates.length > 0 && !candidates.includes(actual)) {
    check('state window', `one of ${candidates.join(' ')}`, actual);
  }
  const { expectMergedStateWindows } = step;
  if (expectMergedStateWindows === undefined) return;
  const others = candidates.filter((candidate) => candidate !== actual);
  check(
    'merged state windows',
    expectMergedStateWindows === 'the other one' ? others : textsOf(expectMergedStateWindows),
    merged,
  );
}

/** `{"10-15": [11, 14]}`: every window in flight with its state window. */
function requireStateWindows(windows: MergingWindowSet, expected: Fields): void {
  const wanted = Object.entries(expected).map(([text, stateWindow]) => [
    goldenTimeWindow(windowOfText(text)),
    goldenTimeWindow(timeWindowOf(stateWindow)),
  ]);
  const actual = windows
    .entries()
    .map(([start, end, stateStart, stateEnd]) => [
      goldenTimeWindow(new TimeWindow(start, end)),
      goldenTimeWindow(new TimeWindow(stateStart, stateEnd)),
    ]);
  if (show(wanted.sort()) !== show(actual.sort()))
    throw new Difference(`state windows: expected ${show(wanted)}, actual ${show(actual)}`);
}

function windowOfText(text: string): TimeWindow {
  const [, start, end] = /^(-?\d+)-(-?\d+)$/.exec(text) ?? [];
  if (start === undefined || end === undefined) throw new CannotExpress(`window ${JSON.stringify(text)}`);
  return new TimeWindow(decodeTime(start), decodeTime(end));
}

function textsOf(windows: unknown): readonly string[] {
  return sorted(asList(windows, 'windows').map(timeWindowOf));
}

function sorted(windows: readonly TimeWindow[]): readonly string[] {
  return windows.map(goldenTimeWindow).sort();
}
