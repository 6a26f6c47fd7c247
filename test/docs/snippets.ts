import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

/** A fenced `ts` block of a document and, if a `text` block follows at once, the output it must print. */
export interface Snippet {
  /** For example `docs/guide.md:17`. */
  readonly name: string;
  readonly code: string;
  readonly expectedOutput: string | undefined;
}

const FENCE = /^```(\w*)[^\n]*\n([\s\S]*?)^```$/gm;

/** The snippets of all documents for users. */
export function allSnippets(): readonly Snippet[] {
  const documents = globSync(['README.md', 'docs/*.md', 'examples/*/README.md'], { cwd: ROOT }).sort();
  return documents.flatMap((document) => snippetsOf(document, readFileSync(join(ROOT, document), 'utf8')));
}

/** The snippets of one document. */
export function snippetsOf(document: string, text: string): readonly Snippet[] {
  const blocks = [...text.matchAll(FENCE)];
  return blocks.flatMap((block, i) => {
    if (block[1] !== 'ts') return [];
    const line = text.slice(0, block.index).split('\n').length;
    const next = blocks[i + 1];
    const between =
      next === undefined ? 'nothing' : text.slice(block.index + block[0].length, next.index).trim();
    const printsNext = next?.[1] === 'text' && between === '';
    return [
      { name: `${document}:${line}`, code: block[2] ?? '', expectedOutput: printsNext ? next[2] : undefined },
    ];
  });
}
