import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCases } from './golden-case.ts';
import { maySkip, runCase } from './run-case.ts';

const cases = readCases(join(import.meta.dirname, 'flink-golden.json'));

describe('golden cases of Flink', () => {
  it('are_all_there', () => {
    expect(cases.length).toBe(128);
  });

  it.each(cases.map((golden) => [golden.name, golden] as const))('%s', async (_name, golden) => {
    const verdict = await runCase(golden);
    const skippable = maySkip(golden);
    expect(verdict).toEqual(skippable ? { kind: 'skipped', reason: expect.any(String) } : { kind: 'passed' });
  });
});
