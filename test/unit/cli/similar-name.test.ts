import { expect, it } from 'vitest';
import { similarFile, similarName } from '../../../lib/cli/similar-name.ts';

it.each([
  ['jub', ['job', 'plan'], 'job'],
  ['FileSinc', ['FileSource', 'FileSink'], 'FileSink'],
  ['JOB.ts', ['job.ts'], 'job.ts'],
  ['nunbers.ts', ['letters.ts', 'numbers.ts'], 'numbers.ts'],
  ['x', ['completely-different'], undefined],
  ['job', [], undefined],
])('%s among %j is meant as %s', (name, candidates, meant) => {
  expect(similarName(name, candidates)).toBe(meant);
});

it('a file is found by its name without extension', () => {
  expect(similarFile('halper', ['helper.ts', 'job.ts'])).toBe('helper.ts');
  expect(similarFile('halper.ts', ['helper.ts', 'job.ts'])).toBe('helper.ts');
  expect(similarFile('other', ['helper.ts', 'job.ts'])).toBeUndefined();
});
