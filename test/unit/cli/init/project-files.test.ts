import { expect, it } from 'vitest';
import { projectFiles } from '../../../../lib/cli/init/project-files.ts';

function manifestOf(node: string | undefined): unknown {
  return JSON.parse(projectFiles({ name: 'p', millrace: '^1.0.0', node })['package.json'] ?? '');
}

it('a project depends on millrace and on nothing else', () => {
  expect(manifestOf(undefined)).toMatchObject({ dependencies: { millrace: '^1.0.0' } });
  expect(manifestOf(undefined)).not.toHaveProperty('devDependencies');
});

it('a project brings its Node if the machine may have an older one', () => {
  expect(manifestOf('^24.1.0')).toMatchObject({
    devDependencies: { node: '^24.1.0' },
    allowScripts: { node: true },
  });
});
