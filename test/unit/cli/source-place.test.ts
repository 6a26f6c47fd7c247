import { expect, it } from 'vitest';
import { firstUserPlace, placeOfSyntaxError, shownPath, shownPlace } from '../../../lib/cli/source-place.ts';

function withStack(stack: string): Error {
  const error = new SyntaxError('x');
  error.stack = stack;
  return error;
}

it('a path below the working folder is shown relative to it', () => {
  expect(shownPath('/a/b/c.ts', '/a')).toBe('b/c.ts');
  expect(shownPath('/x/c.ts', '/a')).toBe('/x/c.ts');
  expect(shownPlace({ file: '/a/c.ts', line: 3, column: undefined }, '/a')).toBe('c.ts:3');
});

it('the place of a syntax error stands at the head of its stack', () => {
  const error = withStack(
    "file:///p/with%20space/a.ts:7\n\nimport { Foo } from './b';\n         ^^^\nSyntaxError: x\n    at f",
  );

  expect(placeOfSyntaxError(error)).toEqual({
    file: '/p/with space/a.ts',
    line: 7,
    column: 10,
    source: "import { Foo } from './b';",
  });
});

it('a syntax error without a head has no place', () => {
  expect(
    placeOfSyntaxError(withStack('SyntaxError: x\n    at compile (node:internal/a:1:2)')),
  ).toBeUndefined();
});

it('the first user place skips Node, packages and the running copy', () => {
  const error = withStack(
    [
      'Error: x',
      '    at node:internal/a:1:2',
      '    at f (/p/node_modules/dep/a.js:1:2)',
      '    at g (file:///opt/millrace/lib/a.ts:1:2)',
      '    at async file:///p/job.ts?again:5:6',
      '    at h (/p/other.ts:7:8)',
    ].join('\n'),
  );

  const isOwn = (file: string) => file.startsWith('/opt/millrace/');
  expect(firstUserPlace(error, isOwn)).toEqual({ file: '/p/job.ts', line: 5, column: 6 });
});
