import { expect, it } from 'vitest';
import { projectFiles } from '../../../../lib/cli/init/project-files.ts';

const CDK = { cli: '^2.1.0', library: '^2.2.0', constructs: '^10.0.0' };

function manifestOf(node: string | undefined): unknown {
  const options = { name: 'p', millrace: '^1.0.0', node, cdk: CDK };
  return JSON.parse(projectFiles(options)['package.json'] ?? '');
}

it('a project depends on millrace, and on the CDK to be deployed', () => {
  expect(manifestOf(undefined)).toMatchObject({ dependencies: { millrace: '^1.0.0' } });
  expect(manifestOf(undefined)).toHaveProperty('devDependencies', {
    ...{ 'aws-cdk': '^2.1.0', 'aws-cdk-lib': '^2.2.0', constructs: '^10.0.0' },
  });
});

it('a project brings its Node if the machine may have an older one', () => {
  expect(manifestOf('^24.1.0')).toMatchObject({
    devDependencies: { node: '^24.1.0' },
    allowScripts: { node: true },
  });
});
