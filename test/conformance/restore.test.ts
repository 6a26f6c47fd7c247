import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type GoldenCase, readCases } from './golden-case.ts';
import { runCase } from './run-case.ts';

const STATEFUL = new Set([
  'KeyedWindow',
  'KeyedWindow(evicting)',
  'KeyedProcess',
  'KeyedCoProcess',
  'KeyedReduce',
]);
const cases = readCases(join(import.meta.dirname, 'flink-golden.json')).filter(
  ({ operator, expectError }) => STATEFUL.has(operator) && expectError === undefined,
);

/** From a snapshot of everything, or from all changes since the start of the case. */
const FORMS = ['snapshotRestore', 'restoreFromChanges'] as const;

/** The same case with a checkpoint and a restore after every step. */
function interrupted(golden: GoldenCase, form: (typeof FORMS)[number]): GoldenCase {
  return {
    ...golden,
    steps: golden.steps.flatMap((step) => [step, { [form]: true }]),
    checks: golden.checks.map(({ afterStep, ...check }) => ({ ...check, afterStep: 2 * Number(afterStep) })),
  };
}

describe.each(FORMS)('a case gives the same with a %s after every step', (form) => {
  it.each(cases.map((golden) => [golden.name, golden] as const))('%s', async (_name, golden) => {
    expect(await runCase(interrupted(golden, form))).toEqual({ kind: 'passed' });
  });
});
