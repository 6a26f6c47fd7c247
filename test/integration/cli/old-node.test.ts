import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CliProject, ROOT } from './cli-project.ts';

it('a Node too old for Millrace is told what to do', async () => {
  const project = new CliProject({
    // Stands for an old Node: the check reads nothing but this.
    'old.cjs': `Object.defineProperty(process.versions, 'node', { value: '20.20.2' });
Object.defineProperty(process, 'version', { value: 'v20.20.2' });`,
  });
  const bin = join(ROOT, 'bin', 'millrace.js');
  expect(existsSync(bin)).toBe(true);

  const { exitCode, stdout, stderr } = await project.start(process.execPath, [
    '--require',
    './old.cjs',
    bin,
    '--version',
  ]).finished;

  expect(exitCode).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toContain('needs Node 24 or newer but this is v20.20.2');
  expect(stderr).toContain('npm install --save-dev node@24');
});
