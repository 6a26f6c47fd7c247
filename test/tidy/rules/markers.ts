import type { SourceText, Violation } from './violation.ts';

const UNFINISHED = /\b(TODO|FIXME|XXX|HACK)\b/;
const NARROWED = /\b(?:describe|suite|it|test|bench)(?:\.\w+)*\.(only|skip|todo|fails)\b/;

function linesMatching(source: SourceText, pattern: RegExp, message: string): Violation[] {
  return source.text.split('\n').flatMap((text, index) => {
    const match = pattern.exec(text);
    return match === null ? [] : [{ file: source.file, line: index + 1, message: `${match[1]}: ${message}` }];
  });
}

/** Unfinished work belongs in an issue, where somebody will see it. */
export function unfinishedMarkers(source: SourceText): Violation[] {
  return linesMatching(source, UNFINISHED, 'finish it or open an issue.');
}

/** A test that is left out proves nothing. */
export function narrowedTests(source: SourceText): Violation[] {
  return linesMatching(source, NARROWED, 'run every test or delete it.');
}
