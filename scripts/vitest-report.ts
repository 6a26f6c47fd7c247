/** Reads vitest's JSON report into counts. */
import { readFileSync } from 'node:fs';

/** The counts of one report. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Returns the counts of the report at `path`, or undefined if vitest ended before it wrote one.
 *
 * A test file that does not even load has no failed test, so it counts as one itself.
 */
export function readTestCounts(path: string): TestCounts | undefined {
  let report: unknown;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // Missing or cut short: the caller counts the lane as failed.
    return undefined;
  }
  return {
    passed: countOf(report, 'numPassedTests'),
    failed: countOf(report, 'numFailedTests') + brokenFiles(report),
    skipped: countOf(report, 'numPendingTests') + countOf(report, 'numTodoTests'),
  };
}

function countOf(report: unknown, field: string): number {
  const value = fieldOf(report, field);
  return typeof value === 'number' ? value : 0;
}

function brokenFiles(report: unknown): number {
  const files = fieldOf(report, 'testResults');
  if (!Array.isArray(files)) return 0;
  return files.filter((file) => fieldOf(file, 'status') === 'failed' && !hasFailedTest(file)).length;
}

function hasFailedTest(file: unknown): boolean {
  const tests = fieldOf(file, 'assertionResults');
  return Array.isArray(tests) && tests.some((test) => fieldOf(test, 'status') === 'failed');
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined;
}
