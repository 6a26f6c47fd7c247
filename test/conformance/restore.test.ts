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

/** The same case with a checkpoint and a restore after every step. */
function interrupted(golden: GoldenCase): GoldenCase {
  return {
    ...golden,
    steps: golden.steps.flatMap((step) => [step, { snapshotRestore: true }]),
    checks: golden.checks.map(({ afterStep, ...check }) => ({ ...check, afterStep: 2 * Number(afterStep) })),
  };
}

describe('a case gives the same with a restore after every step', () => {
  it.each(cases.map((golden) => [golden.name, golden] as const))('%s', async (_name, golden) => {
    expect(await runCase(interrupted(golden))).toEqual({ kind: 'passed' });
  });
});
