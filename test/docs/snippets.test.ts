import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allSnippets, ROOT, type Snippet, snippetsOf } from './snippets.ts';

const GENERATED = join(ROOT, 'test', 'docs', '.generated');
const DATA = join(ROOT, 'test', 'docs', 'data');
const snippets = allSnippets();

function fileOf(snippet: Snippet): string {
  return join(GENERATED, `${snippet.name.replaceAll(/[/:.]/g, '-')}.ts`);
}

/**
 * Runs a snippet as its reader would: a job with the CLI, a script with node, a test file with node's
 * runner.
 */
function run(snippet: Snippet): {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
} {
  const cwd = mkdtempSync(join(tmpdir(), 'millrace-docs-'));
  try {
    cpSync(DATA, join(cwd, 'data'), { recursive: true });
    const args = ['--conditions=millrace-source', '--disable-warning=ExperimentalWarning'];
    if (/^export default defineJob/m.test(snippet.code)) args.push(join(ROOT, 'bin', 'millrace.js'), 'run');
    args.push(fileOf(snippet));
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
    return { status, output: stdout, errors: stderr };
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

beforeAll(() => {
  rmSync(GENERATED, { recursive: true, force: true });
  mkdirSync(GENERATED, { recursive: true });
  for (const snippet of snippets) writeFileSync(fileOf(snippet), snippet.code);
});

afterAll(() => rmSync(GENERATED, { recursive: true, force: true }));

describe('the code in the documents', () => {
  it('is there', () => {
    expect(snippets.length).toBeGreaterThan(5);
  });

  it('type-checks', () => {
    const config = join(GENERATED, 'tsconfig.json');
    writeFileSync(
      config,
      JSON.stringify({ extends: '../../../tsconfig.json', include: ['*.ts'], exclude: [] }),
    );
    const check = () =>
      execFileSync('npx', ['tsc', '-p', config, '--noEmit'], { cwd: ROOT, encoding: 'utf8' });
    let report = '';
    try {
      check();
    } catch (error) {
      report = String((error as { stdout?: string }).stdout ?? error);
    }
    expect(report).toBe('');
  });

  it.each(snippets.map((snippet) => [snippet.name, snippet] as const))('runs: %s', (_name, snippet) => {
    const { status, output, errors } = run(snippet);
    expect(errors).toBe('');
    expect(status).toBe(0);
    if (snippet.expectedOutput !== undefined) expect(output).toBe(snippet.expectedOutput);
  });
});

describe('finding snippets', () => {
  it('takes ts blocks, and the text block right after one as its output', () => {
    const first = 'A\n\n```ts\na();\n```\n\n```text\nout\n```\n\n';
    const second = '```ts\nb();\n```\nprose\n\n```text\nother\n```\n\n```sh\nls\n```\n';
    const text = first + second;
    expect(snippetsOf('x.md', text)).toEqual([
      { name: 'x.md:3', code: 'a();\n', expectedOutput: 'out\n' },
      { name: 'x.md:11', code: 'b();\n', expectedOutput: undefined },
    ]);
  });
});
