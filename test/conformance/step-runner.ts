/** Runs the steps of a case against a subject and checks what the case says about its output. */
import { ERROR_CODES, isStreamError } from '../../lib/core/errors.ts';
import { requireEqual } from './comparison.ts';
import { asList, type Fields, integerField, requireKnownFields } from './fields.ts';
import type { GoldenCase } from './golden-case.ts';
import { canonicalTime } from './numbers.ts';
import { CannotExpress, Difference } from './verdict.ts';

/** The thing under test, with its output in golden notation. */
export interface Subject {
  apply(step: Fields): void | Promise<void>;
  /** Main output so far; snapshots and restores do not shorten it. */
  output(): readonly Fields[];
  sideOutput?(tag: string): readonly Fields[];
  close?(): void | Promise<void>;
}

/** How a group writes the records of its expectations; by default they stand as they are. */
export type RecordNotation = (record: unknown) => unknown;

/** Applies every step, then compares. Throws Difference or CannotExpress. */
export async function runSteps(
  golden: GoldenCase,
  subject: Subject,
  notation: RecordNotation = (record) => record,
): Promise<void> {
  const expected = golden.expected.map((item) => expectedItem(item, notation));
  const checks = checksOf(golden);
  try {
    const raised = await applySteps(golden, subject, checks);
    requireError(golden.expectError, raised);
    requireEqual(golden.order, expected, subject.output());
    compareSideOutputs(golden, subject, notation);
  } finally {
    await subject.close?.();
  }
}

/** Applies the steps with their count checks; returns what a step threw, which is Millrace's own error. */
async function applySteps(
  golden: GoldenCase,
  subject: Subject,
  checks: ReadonlyMap<number, number>,
): Promise<unknown> {
  checkCount(0, checks, subject);
  for (const [index, step] of golden.steps.entries()) {
    try {
      await subject.apply(step);
    } catch (error) {
      if (golden.expectError !== undefined && isRefusal(error)) return error;
      throw error;
    }
    checkCount(index + 1, checks, subject);
  }
  return undefined;
}

/** True for Millrace's own errors, except those that say that Millrace is broken. */
export function isRefusal(error: unknown): boolean {
  return isStreamError(error) && ERROR_CODES[error.code] !== 'invariant';
}

function checkCount(stepsDone: number, checks: ReadonlyMap<number, number>, subject: Subject): void {
  const wanted = checks.get(stepsDone);
  const actual = subject.output().length;
  if (wanted === undefined || wanted === actual) return;
  throw new Difference(`after step ${stepsDone}: expected ${wanted} outputs, actual ${actual}`);
}

function checksOf(golden: GoldenCase): ReadonlyMap<number, number> {
  const checks = new Map<number, number>();
  for (const check of golden.checks) {
    requireKnownFields(check, ['afterStep', 'outputCount'], 'check');
    const afterStep = integerField(check, 'afterStep', 'check');
    if (afterStep < 0 || afterStep > golden.steps.length) {
      throw new Difference(`a check names step ${afterStep}, but there are ${golden.steps.length}`);
    }
    checks.set(afterStep, integerField(check, 'outputCount', 'check'));
  }
  return checks;
}

function requireError(expectError: string | undefined, raised: unknown): void {
  if (expectError !== undefined && raised === undefined) {
    throw new Difference(`expected the error ${JSON.stringify(expectError)}, actual none`);
  }
}

function compareSideOutputs(golden: GoldenCase, subject: Subject, notation: RecordNotation): void {
  if (golden.expectedSideOutput === undefined) return;
  if (subject.sideOutput === undefined)
    throw new CannotExpress('expectedSideOutput of an operator without any');
  const order = golden.order === 'exact' ? 'exact' : 'any';
  for (const [tag, items] of Object.entries(golden.expectedSideOutput)) {
    const expected = asList(items, `expectedSideOutput.${tag}`).map((item) =>
      expectedItem(item as Fields, notation),
    );
    try {
      requireEqual(order, expected, subject.sideOutput(tag));
    } catch (error) {
      if (error instanceof Difference) throw new Difference(`side output ${tag}: ${error.message}`);
      throw error;
    }
  }
}

/** An expected output with canonical times. Throws CannotExpress for one that no operator can emit. */
function expectedItem(item: Fields, notation: RecordNotation): Fields {
  if ('record' in item) {
    requireKnownFields(item, ['record', 'timestamp'], 'expected record');
    const record = notation(item.record);
    return item.timestamp === undefined ? { record } : { record, timestamp: canonicalTime(item.timestamp) };
  }
  if ('watermark' in item) {
    requireKnownFields(item, ['watermark'], 'expected watermark');
    return { watermark: canonicalTime(item.watermark) };
  }
  requireKnownFields(item, ['watermarkStatus'], 'expected output');
  return { watermarkStatus: item.watermarkStatus };
}
