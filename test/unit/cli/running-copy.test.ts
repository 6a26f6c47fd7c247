import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { dependencySpecOf, findRunningCopy, type RunningCopy } from '../../../lib/cli/running-copy.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** A project into which version 1.2.3 is installed, with what npm notes about it. */
function installed(lockEntry: object | undefined): { readonly project: string; readonly copy: RunningCopy } {
  const project = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-copy-')));
  onTestFinished(() => rmSync(project, { recursive: true, force: true }));
  const root = join(project, 'node_modules', 'millrace');
  mkdirSync(root, { recursive: true });
  if (lockEntry !== undefined) {
    const lockfile = JSON.stringify({ packages: { 'node_modules/millrace': lockEntry } });
    writeFileSync(join(project, 'node_modules', '.package-lock.json'), lockfile);
  }
  return {
    project,
    copy: {
      root,
      version: '1.2.3',
      entries: new Map(),
      dependencies: [],
      companions: new Map(),
      isOwnFile: () => false,
    },
  };
}

it('the running copy of a checkout is its source', () => {
  const copy = findRunningCopy();

  expect(copy.root).toBe(ROOT);
  expect(copy.version).toMatch(/^\d+\.\d+\.\d+/);
  expect(copy.entries.get('millrace')).toMatch(/\/lib\/index\.ts$/);
  expect(copy.entries.get('millrace/testing')).toMatch(/\/lib\/testing\/index\.ts$/);
  expect(copy.isOwnFile(join(ROOT, 'lib', 'core', 'errors.ts'))).toBe(true);
  expect(copy.isOwnFile(join(ROOT, 'examples', 'job.ts'))).toBe(false);
});

describe('a new project depends on', () => {
  it('the folder of a checkout', () => {
    expect(dependencySpecOf(findRunningCopy())).toBe(`file:${ROOT}`);
  });

  it('a version range if the copy came from a registry', () => {
    const resolved = 'https://registry.npmjs.org/millrace/-/millrace-1.2.3.tgz';
    expect(dependencySpecOf(installed({ resolved }).copy)).toBe('^1.2.3');
    expect(dependencySpecOf(installed(undefined).copy)).toBe('^1.2.3');
  });

  it('the tarball from which the copy was installed', () => {
    const { project, copy } = installed({ resolved: 'file:../millrace-1.2.3.tgz' });
    expect(dependencySpecOf(copy)).toBe(`file:${join(project, '..', 'millrace-1.2.3.tgz')}`);
  });

  it('the repository from which the copy was installed', () => {
    const resolved = 'git+ssh://git@github.com/acme/millrace.git#0123abc';
    expect(dependencySpecOf(installed({ resolved }).copy)).toBe(resolved);
  });
});
