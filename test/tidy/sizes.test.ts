import { describe, expect, it } from 'vitest';
import { allScripts, codeFiles, testFiles } from './rules/repository-files.ts';
import {
  FILE_LINES_MAX,
  FUNCTION_LINES_MAX,
  LINE_CHARACTERS_MAX,
  longFiles,
  longFunctions,
  longLines,
  TEST_FILE_LINES_MAX,
} from './rules/sizes.ts';
import { format } from './rules/violation.ts';

const body = (lines: number) => '  work();\n'.repeat(lines);

describe('sizes', () => {
  it('no_file_is_longer_than_the_cap', () => {
    expect(codeFiles().length).toBeGreaterThan(0);
    expect(format(codeFiles().flatMap((file) => longFiles(file, FILE_LINES_MAX)))).toEqual([]);
    expect(format(testFiles().flatMap((file) => longFiles(file, TEST_FILE_LINES_MAX)))).toEqual([]);
  });

  it('no_function_is_longer_than_the_cap', () => {
    expect(format(codeFiles().flatMap(longFunctions))).toEqual([]);
  });

  it('no_line_is_wider_than_the_cap', () => {
    expect(format(allScripts().flatMap(longLines))).toEqual([]);
  });
});

describe('size rules catch a bad sample', () => {
  it('a_file_one_line_too_long_is_reported', () => {
    const file = 'lib/a.ts';
    expect(longFiles({ file, text: body(FILE_LINES_MAX) }, FILE_LINES_MAX)).toEqual([]);
    expect(longFiles({ file, text: body(FILE_LINES_MAX + 1) }, FILE_LINES_MAX)).toHaveLength(1);
  });

  it.each([
    ['a declaration', 'function f() {\n', '}'],
    ['an arrow function', 'const f = () => {\n', '}'],
    ['a method', 'class C { m() {\n', '} }'],
    ['a constructor', 'class C { constructor() {\n', '} }'],
    ['a getter', 'const o = { get x() {\n', '} }'],
    ['an inner function', 'if (a) { function f() {\n', '} }'],
  ])('%s_one_line_too_long_is_reported', (_, head, tail) => {
    const sample = (lines: number) => ({ file: 'lib/a.ts', text: `\n${head}${body(lines)}${tail}` });
    expect(longFunctions(sample(FUNCTION_LINES_MAX - 2))).toEqual([]);
    expect(longFunctions(sample(FUNCTION_LINES_MAX - 1))).toMatchObject([{ line: 2 }]);
  });

  it('a_line_one_character_too_wide_is_reported', () => {
    const line = (width: number) => ({ file: 'lib/a.ts', text: `short\n${'x'.repeat(width)}\n` });
    expect(longLines(line(LINE_CHARACTERS_MAX))).toEqual([]);
    expect(longLines(line(LINE_CHARACTERS_MAX + 1))).toMatchObject([{ line: 2 }]);
  });

  it('only_a_test_may_hold_a_wide_line_of_expected_output', () => {
    const text = `  '${'x'.repeat(LINE_CHARACTERS_MAX)}',\n`;
    expect(longLines({ file: 'test/unit/a.test.ts', text })).toEqual([]);
    expect(longLines({ file: 'test/unit/a.test.ts', text: `  call(${text.trim()} 1);` })).toHaveLength(1);
    expect(longLines({ file: 'lib/a.ts', text })).toHaveLength(1);
  });
});
