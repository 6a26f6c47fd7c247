import ts from 'typescript';
import type { SourceText, Violation } from './violation.ts';

export const FILE_LINES_MAX = 400;
export const TEST_FILE_LINES_MAX = 600;
export const FUNCTION_LINES_MAX = 60;
export const LINE_CHARACTERS_MAX = 110;

function linesOf(text: string): string[] {
  return text.replace(/\n$/, '').split('\n');
}

/** A long file hides more than one noun. */
export function longFiles(source: SourceText, linesMax: number): Violation[] {
  const count = linesOf(source.text).length;
  if (count <= linesMax) return [];
  const message = `has ${count} lines, more than ${linesMax}: split it by noun.`;
  return [{ file: source.file, line: count, message }];
}

/** In a test, a line that is nothing but a string is expected output, which stands as it is printed. */
const EXPECTED_OUTPUT = /^\s*(['"`]).*\1,?$/;

/** The formatter cannot break strings and comments, so the width needs its own rule. */
export function longLines(source: SourceText): Violation[] {
  const isTest = source.file.startsWith('test/');
  return linesOf(source.text).flatMap((text, index) => {
    if (text.length <= LINE_CHARACTERS_MAX) return [];
    if (isTest && EXPECTED_OUTPUT.test(text)) return [];
    const message = `is ${text.length} characters wide, more than ${LINE_CHARACTERS_MAX}: break it.`;
    return [{ file: source.file, line: index + 1, message }];
  });
}

/** Counts the lines of a function, nested functions included, its doc comment not. */
export function longFunctions(source: SourceText): Violation[] {
  const tree = ts.createSourceFile(source.file, source.text, ts.ScriptTarget.Latest, true);
  const found: Violation[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const first = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line;
      const count = tree.getLineAndCharacterOfPosition(node.end).line - first + 1;
      if (count > FUNCTION_LINES_MAX) {
        const message = `function of ${count} lines, more than ${FUNCTION_LINES_MAX}: name its parts.`;
        found.push({ file: source.file, line: first + 1, message });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}
