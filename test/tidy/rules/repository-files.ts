import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SourceText } from './violation.ts';

/** The checkout. */
export const ROOT = join(import.meta.dirname, '..', '..', '..');

const CODE = ['bin/**/*.js', '{lib,functions,infra,scripts,bench}/**/*.{ts,js}'];
const TESTS = ['{test,examples}/**/*.{ts,js}'];
const CONFIG = ['*.{ts,mjs}', '.dependency-cruiser*.mjs'];
const DOCS = ['*.md', 'docs/**/*.md', 'examples/**/*.md', 'bench/**/*.md'];

function readAll(patterns: readonly string[]): SourceText[] {
  const files = globSync([...patterns], { cwd: ROOT, exclude: (name) => name === 'node_modules' });
  return files.sort().map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }));
}

/** What ships or builds: the strictest rules. */
export const codeFiles = (): SourceText[] => readAll(CODE);

/** Tests and examples. */
export const testFiles = (): SourceText[] => readAll(TESTS);

/** Every file of TypeScript or JavaScript. */
export const allScripts = (): SourceText[] => readAll([...CODE, ...TESTS, ...CONFIG]);

/** Everything in Markdown that a reader may meet. */
export const docFiles = (): SourceText[] => readAll(DOCS);
