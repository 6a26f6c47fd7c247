import type { SourceText, Violation } from './violation.ts';

const HEADING = /^### `?([A-Z][A-Z0-9_]*)`?\s*$/;

/** Reports codes without a section in the docs, and sections without a code. */
export function errorTableGaps(codes: readonly string[], docs: SourceText): Violation[] {
  const headings = docs.text.split('\n').flatMap((text, index) => {
    const code = HEADING.exec(text)?.[1];
    return code === undefined ? [] : [{ code, line: index + 1 }];
  });
  const documented = new Map(headings.map(({ code, line }) => [code, line]));
  const missing = codes
    .filter((code) => !documented.has(code))
    .map((code) => ({ file: docs.file, line: 1, message: `lacks a section "### ${code}".` }));
  const stale = headings
    .filter(({ code }) => !codes.includes(code))
    .map(({ code, line }) => ({ file: docs.file, line, message: `${code} is no error code.` }));
  const twice = headings
    .filter(({ code, line }) => documented.get(code) !== line)
    .map(({ code, line }) => ({ file: docs.file, line, message: `${code} is explained twice.` }));
  return [...missing, ...stale, ...twice];
}
