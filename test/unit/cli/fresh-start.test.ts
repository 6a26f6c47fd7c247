import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { SqliteStore } from '../../../lib/adapters/sqlite/sqlite-store.ts';
import type { CommandContext } from '../../../lib/cli/command-context.ts';
import { confirmFreshStart } from '../../../lib/cli/fresh-start.ts';
import { findRunningCopy } from '../../../lib/cli/running-copy.ts';

function contextWith(ask: CommandContext['ask']): CommandContext {
  return {
    copy: findRunningCopy(),
    cwd: '/',
    print: () => {},
    warn: () => {},
    terminal: undefined,
    ask,
  };
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-fresh-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function folderWithState(): string {
  const path = folder();
  SqliteStore.open(path, { jobName: 'delays' }).close();
  return path;
}

it.each([
  ['y', true],
  [' YES ', true],
  ['n', false],
  ['', false],
  ['yesterday', false],
])('an answer of %j to what would be removed means %s', async (answer, agreed) => {
  const questions: string[] = [];
  const stateDir = folderWithState();
  const context = contextWith(async (question) => {
    questions.push(question);
    return answer;
  });

  const start = { jobName: 'delays', stateDir, outputs: ['out/hourly'], yes: false };
  expect(await confirmFreshStart(start, context)).toBe(agreed);
  expect(questions).toEqual([
    `This removes the state of job 'delays' in ${stateDir}, the parts in out/hourly. Go on? [y/N] `,
  ]);
});

it('is refused where nobody can be asked, and needs no question with --yes', async () => {
  const start = { jobName: 'delays', stateDir: folderWithState(), outputs: [] };
  const context = contextWith(undefined);

  await expect(confirmFreshStart({ ...start, yes: false }, context)).rejects.toMatchObject({
    code: 'CONFIRMATION_MISSING',
  });
  expect(await confirmFreshStart({ ...start, yes: true }, context)).toBe(true);
});

it('asks nothing where there is no state', async () => {
  const start = { jobName: 'delays', stateDir: folder(), outputs: [], yes: false };

  expect(await confirmFreshStart(start, contextWith(undefined))).toBe(true);
});
