/** Reads vitest's JSON report into counts. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const Report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string(),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).nullable(),
        }),
      ),
    }),
  ),
});

const FAILURE_CHARS_MAX = 3000;

/** The counts of one report. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The counts of one report, and its failures as text, the place first. */
export interface TestReport extends TestCounts {
  readonly failures: readonly string[];
}

/**
 * Returns what the report at `path` says, or undefined if vitest ended before it wrote one.
 *
 * A test file that does not even load has no failed test, so it counts as one itself.
 */
export function readTestReport(path: string): TestReport | undefined {
  let report: z.infer<typeof Report>;
  try {
    report = Report.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // Missing or cut short: the caller counts the lane as failed.
    return undefined;
  }
  const tests = report.testResults.flatMap((file) =>
    file.assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) =>
        failureText(`${file.name} > ${fullName}`, failureMessages?.join('\n') ?? ''),
      ),
  );
  const files = report.testResults
    .filter(
      ({ status, assertionResults }) =>
        status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
    )
    .map(({ name, message }) => failureText(name, message));
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + files.length,
    skipped: report.numPendingTests + report.numTodoTests,
    failures: [...tests, ...files],
  };
}

function failureText(place: string, message: string): string {
  return `${place}\n${message.slice(0, FAILURE_CHARS_MAX)}`;
}
