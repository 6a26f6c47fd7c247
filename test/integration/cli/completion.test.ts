/** Completion by the Tab key: what the scripts ask, and the script of bash in a real shell. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CliProject, ROOT } from './cli-project.ts';

const FILES = ':0';
const NO_FILES = ':4';

/** What the Tab key offers for the last of `words`, and whether it may be the name of a file. */
async function offered(...words: readonly string[]) {
  const { exitCode, stdout, stderr } = await new CliProject().millrace('complete', '--', ...words);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const lines = stdout.trimEnd().split('\n');
  return { values: lines.slice(0, -1).map((line) => line.split('\t')[0]), files: lines.at(-1) };
}

describe('completed are', () => {
  it('commands', async () => {
    const { values, files } = await offered('');
    expect(values).toEqual(
      expect.arrayContaining([
        'run',
        'plan',
        'init',
        'estimate',
        'list',
        'status',
        'stop',
        'dlq',
        'complete',
      ]),
    );
    expect(files).toBe(NO_FILES);
    expect((await offered('st')).values).toEqual(['status', 'stop', 'state']);
    expect((await offered('dlq', '')).values).toEqual(expect.arrayContaining(['list', 'retry', 'drop']));
  });

  it.each([
    [['plan', '--f'], ['--format']],
    [
      ['run', 'job.ts', '--state-'],
      ['--state-dir', '--state-backend'],
    ],
    [['restore', '--fr'], ['--from']],
    [['dlq', 'list', '--pr'], ['--profile']],
  ])('options: %j', async (words, values) => {
    expect(await offered(...words)).toEqual({ values, files: NO_FILES });
  });

  it.each([
    [
      ['plan', 'job.ts', '--format', ''],
      ['text', 'json', 'mermaid'],
    ],
    [['plan', '--format=m'], ['mermaid']],
    [
      ['plan', '--level', ''],
      ['stream', 'job', 'execution'],
    ],
    [['run', '--state-backend', 't'], ['table']],
    [
      ['complete', ''],
      ['bash', 'zsh', 'fish', 'powershell'],
    ],
  ])('choices: %j', async (words, values) => {
    expect(await offered(...words)).toEqual({ values, files: NO_FILES });
  });

  it.each([[['run', '']], [['run', '--fresh', 'jo']], [['plan', 'job']], [['run', '--state-dir', '']]])(
    'names of files: %j',
    async (words) => {
      expect(await offered(...words)).toEqual({ values: [], files: FILES });
    },
  );
});

it.each([
  [[]],
  [['no-such-command', '--no-such-option', 'x']],
  [['--']],
  [['run', '--', '']],
  [['-', '=', '--=']],
  [['complete', '--', 'complete', '--', '']],
  [['run', 'job.ts', '--parallelism', 'many', '--json', '--help']],
])('any words are answered without an error: %j', async (words) => {
  expect((await offered(...words)).files).toMatch(/^:\d$/);
});

it.each(['zsh', 'fish'])('a script for %s is printed', async (shell) => {
  const { exitCode, stdout, stderr } = await new CliProject().millrace('complete', shell);

  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toContain(`# ${shell} completion for millrace`);
  expect(stdout).toContain('millrace complete -- ');
});

it.each([
  [[], "missing required argument 'shell'"],
  [['ksh'], 'Allowed choices are'],
])('complete %j is wrong usage', async (args, message) => {
  const { exitCode, stdout, stderr } = await new CliProject().millrace('complete', ...args);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain(message);
});

describe('in bash', () => {
  /** Runs `commands` in a bash that has `millrace` on its PATH and has read the script. */
  async function inBash(commands: string, before = '') {
    const project = new CliProject({
      'bin/millrace': `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, 'bin', 'millrace.js')}" "$@"\n`,
    });
    const bin = join(project.folder, 'bin');
    chmodSync(join(bin, 'millrace'), 0o755);
    const script = `${before}\nsource <(millrace complete bash)\n${commands}`;
    const env = { PATH: `${bin}:${process.env.PATH}` };
    return project.start('bash', ['--norc', '--noprofile', '-c', script], env).finished;
  }

  // As bash-completion does for words without `=` and `:`.
  const BASH_COMPLETION = `_get_comp_words_by_ref() {
    words=("\${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur=\${words[cword]}
  }`;

  it('the script asks the command line and allows names of files', async () => {
    // Outside of a completion, compopt complains.
    const commands = `complete -p millrace
COMP_WORDS=(millrace plan --format ''); COMP_CWORD=3
compopt() { :; }
__millrace_complete
printf '%s\\n' "\${COMPREPLY[@]}"`;

    const { exitCode, stdout, stderr } = await inBash(commands, BASH_COMPLETION);

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.trimEnd().split('\n')).toEqual([
      'complete -o default -F __millrace_complete millrace',
      'text',
      'json',
      'mermaid',
    ]);
  });

  it('nothing is completed and nothing is said without bash-completion', async () => {
    const { stdout, stderr } = await inBash('complete | grep -c millrace');

    expect({ stdout, stderr }).toEqual({ stdout: '0\n', stderr: '' });
  });
});
