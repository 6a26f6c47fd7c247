import { describe, expect, it } from 'vitest';
import { propsWithoutDefault } from './rules/prop-defaults.ts';
import { codeFiles } from './rules/repository-files.ts';
import { format } from './rules/violation.ts';

describe('props', () => {
  it('of_constructs_say_what_they_are_by_default', () => {
    const files = codeFiles().filter(({ file }) => file.startsWith('infra/'));
    expect(files.map(({ file }) => file)).toContain('infra/stream-job-props.ts');
    expect(format(files.flatMap(propsWithoutDefault))).toEqual([]);
  });
});

describe('the rule of defaults catches a bad sample', () => {
  const found = (...lines: readonly string[]) =>
    propsWithoutDefault({ file: 'infra/sample.ts', text: lines.join('\n') });

  it.each([
    ['without_a_comment', ''],
    ['with_a_comment_that_says_none', '/** Says what it is. */'],
    ['with_an_empty_one', '/** Says what it is. @default */'],
  ])('an_optional_prop_%s_is_reported', (_, comment) => {
    for (const name of ['JobProps', 'SourceOptions']) {
      expect(found(`export interface ${name} {`, `${comment} readonly size?: number;`, '}')).toMatchObject([
        { line: 2, message: expect.stringContaining(`${name}.size`) },
      ]);
    }
  });

  it('an_optional_prop_with_a_default_is_not', () => {
    expect(
      found('export interface JobProps {', '/** Size. @default 1 */ readonly size?: number;', '}'),
    ).toEqual([]);
    const lines = ['/**', ' * Size.', ' * @default - none', ' */', 'readonly size?: number;'];
    expect(found('export interface JobProps {', ...lines, '}')).toEqual([]);
  });

  it.each([
    'export interface JobProps { readonly size: number; }',
    'interface JobProps { readonly size?: number; }',
    'export interface Job { readonly size?: number; }',
  ])('%s_is_not_asked_for_one', (text) => {
    expect(found(text)).toEqual([]);
  });
});
