import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { citationGaps } from './rules/cited-invariants.ts';
import { ROOT, testFiles } from './rules/repository-files.ts';
import { format, type SourceText } from './rules/violation.ts';

const FILE = 'docs/protocol.md';
/** What a rule is tried on, not a test of the protocol. */
const isSubject = ({ file }: SourceText) => !file.startsWith('test/tidy/');

describe('invariants of the protocol', () => {
  it('every_one_is_in_the_name_of_a_test_and_no_other_is', () => {
    const text = readFileSync(join(ROOT, FILE), 'utf8');
    expect(text.match(/^- \*\*I\d+ /gm)?.length).toBeGreaterThanOrEqual(16);
    const tests = testFiles().filter(isSubject);
    expect(tests.length).toBeGreaterThan(0);
    expect(format(citationGaps({ file: FILE, text }, tests))).toEqual([]);
  });
});

describe('the rule of cited invariants catches a bad sample', () => {
  const text = '- **I1 One.** a\n- **I2 Two.** I1\n- **I3 Three.** b\n';
  const gapsOf = (test: string) => format(citationGaps({ file: FILE, text }, [{ file: 'a.ts', text: test }]));

  it.each([
    "it('I1: a', f); it.concurrent('b (I2)', f); describe(\n  'I3: c', f);",
    "it.each([1] as const)('I1, I2: a', f); describe.each([2])(`I3: $x`, f);",
    "const cases = [{ says: 'I1: a' }, { says: \"it's I2 and I3\" }];",
  ])('takes_%j', (test) => {
    expect(gapsOf(test)).toEqual([]);
  });

  it.each(["// it(I1)\nit('a', f);", "expect(1, 'I1').toBe(1);", "const a = ['I1', 'I2'];"])(
    'does_not_take_%j',
    (test) => {
      expect(gapsOf(test).some((gap) => gap.includes('I1 is in the name of no test'))).toBe(true);
    },
  );

  it('reports_missing_and_unknown_ones', () => {
    expect(gapsOf("it('I1: a', f);\nit('I4: b', f);")).toEqual([
      `${FILE}:2 I2 is in the name of no test.`,
      `${FILE}:3 I3 is in the name of no test.`,
      `a.ts:2 I4 is no invariant of ${FILE}.`,
    ]);
  });
});
