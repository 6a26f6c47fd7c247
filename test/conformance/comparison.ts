/** Compares what an operator emitted with what a case expects, under the case's `order`. */
import type { Fields } from './fields.ts';
import { CannotExpress, Difference } from './verdict.ts';

/** Fails with the first difference. Both lists are in golden notation with canonical times. */
export function requireEqual(order: string, expected: readonly Fields[], actual: readonly Fields[]): void {
  const difference = differenceOf(order, expected, actual);
  if (difference !== undefined) throw new Difference(difference);
}

function differenceOf(
  order: string,
  expected: readonly Fields[],
  actual: readonly Fields[],
): string | undefined {
  switch (order) {
    case 'exact':
    case 'per-step':
    case 'per-step; windows as a set':
      return firstDifference(expected, actual);
    case 'between-watermarks-any':
      return segmentDifference(expected, actual);
    case 'any':
      return bagDifference(expected, actual);
    case 'records-any-ignore-watermarks':
      return bagDifference(expected.filter(isRecord), actual.filter(isRecord));
    default:
      throw new CannotExpress(`order ${JSON.stringify(order)}`);
  }
}

function firstDifference(expected: readonly Fields[], actual: readonly Fields[]): string | undefined {
  const length = Math.max(expected.length, actual.length);
  for (let i = 0; i < length; i++) {
    if (show(expected[i]) === show(actual[i])) continue;
    return `output[${i}]: expected ${show(expected[i])}, actual ${show(actual[i])}`;
  }
  return undefined;
}

/** Records between two controls are a multiset; the controls themselves are in exact positions. */
function segmentDifference(expected: readonly Fields[], actual: readonly Fields[]): string | undefined {
  const wanted = segmentsOf(expected);
  const got = segmentsOf(actual);
  const length = Math.max(wanted.length, got.length);
  for (let i = 0; i < length; i++) {
    const place = `before ${show(wanted[i]?.control) ?? 'the end'} (segment ${i})`;
    const records = bagDifference(wanted[i]?.records ?? [], got[i]?.records ?? []);
    if (records !== undefined) return `${place}: ${records}`;
    const expectedControl = show(wanted[i]?.control);
    const actualControl = show(got[i]?.control);
    if (expectedControl !== actualControl) {
      return `control ${i}: expected ${expectedControl}, actual ${actualControl}`;
    }
  }
  return undefined;
}

interface Segment {
  readonly records: Fields[];
  control: Fields | undefined;
}

function segmentsOf(items: readonly Fields[]): readonly Segment[] {
  const segments: Segment[] = [];
  let current: Segment = { records: [], control: undefined };
  for (const item of items) {
    if (isRecord(item)) {
      current.records.push(item);
      continue;
    }
    current.control = item;
    segments.push(current);
    current = { records: [], control: undefined };
  }
  return [...segments, current];
}

function bagDifference(expected: readonly Fields[], actual: readonly Fields[]): string | undefined {
  const left = expected.map(show);
  const unexpected: (string | undefined)[] = [];
  for (const item of actual.map(show)) {
    const index = left.indexOf(item);
    if (index < 0) unexpected.push(item);
    else left.splice(index, 1);
  }
  if (left.length === 0 && unexpected.length === 0) return undefined;
  return `expected ${left[0] ?? 'nothing more'}, actual ${unexpected[0] ?? 'nothing more'}`;
}

function isRecord(item: Fields): boolean {
  return 'record' in item;
}

/** JSON with the fields in one order. */
export function show(value: unknown): string | undefined {
  return JSON.stringify(value, (_name, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
