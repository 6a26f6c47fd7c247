import { basename } from 'node:path';
import type { SourceText, Violation } from './violation.ts';

interface BannedWord {
  readonly pattern: RegExp;
  readonly replacement: string;
}

/** Drawers that collect whatever has no home. */
const DRAWERS = new Set(['utils', 'util', 'helpers', 'helper', 'types', 'common', 'misc', 'shared']);

const BANNED_IN_CODE: readonly BannedWord[] = [
  { pattern: /\binterface (I[A-Z][a-z]\w*)/g, replacement: 'the plain name, without the I' },
  {
    pattern: /\b(?:class|interface|type|function|const) (\w+Impl)\b/gi,
    replacement: 'a name that says its store or its way',
  },
  { pattern: /\b(?:class|interface|type) (\w+Manager)\b/g, replacement: 'the noun for what it keeps' },
  { pattern: /(?<!\.)\b(\w*[a-z](?:Millis|Milliseconds|Msec))\b/g, replacement: 'the unit last, as …Ms' },
];

const BANNED_IN_PROSE: readonly BannedWord[] = [
  { pattern: /\b(utili[sz]e[sd]?)\b/gi, replacement: 'use' },
  { pattern: /\b(leverag(?:e|es|ed|ing))\b/gi, replacement: 'use' },
  { pattern: /\b(seamless(?:ly)?)\b/gi, replacement: 'what happens' },
  { pattern: /\b(blazing(?:ly)?)\b/gi, replacement: 'the measured number' },
  { pattern: /\b(effortless(?:ly)?)\b/gi, replacement: 'the steps it takes' },
];

/** A file is named by one noun. */
export function drawerFiles(file: string): Violation[] {
  const stem = basename(file).replace(/(\.test)?\.\w+$/, '');
  if (!DRAWERS.has(stem)) return [];
  return [{ file, line: 1, message: `"${stem}" is a drawer: name the file by the one noun it holds.` }];
}

function bannedWords(source: SourceText, words: readonly BannedWord[]): Violation[] {
  return source.text.split('\n').flatMap((text, index) =>
    words.flatMap(({ pattern, replacement }) =>
      [...text.matchAll(pattern)].map((match) => ({
        file: source.file,
        line: index + 1,
        message: `"${match[1]}": write ${replacement}.`,
      })),
    ),
  );
}

/** Names that the style bans, each with what to write instead. */
export const bannedInCode = (source: SourceText): Violation[] => bannedWords(source, BANNED_IN_CODE);

/** Words of advertising, each with what to write instead. */
export const bannedInProse = (source: SourceText): Violation[] => bannedWords(source, BANNED_IN_PROSE);
