import { expect, it } from 'vitest';
import { similarName } from '../../../lib/cli/similar-name.ts';

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
