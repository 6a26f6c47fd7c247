import type { SourceText, Violation } from './violation.ts';

const STATED = /^- \*\*(I\d+) /;
/** First argument of a test or a group, also behind a table of cases, and the sentence of a contract case. */
const NAME = new RegExp(
  String.raw`(?:\b(?:describe|it|test)(?:\.\w+)*\(\s*|\](?:\s+as const)?,?\s*\)\(\s*|\bsays:\s*)` +
    String.raw`(['"\`])((?:(?!\1)[^\\\n]|\\.)*)\1`,
  'g',
);
const CITED = /\bI\d+\b/g;

/** Reports invariants that no test names, and names of tests with an invariant that is not stated. */
export function citationGaps(protocol: SourceText, tests: readonly SourceText[]): Violation[] {
  const stated = new Map<string, number>();
  for (const [index, text] of protocol.text.split('\n').entries()) {
    const id = STATED.exec(text)?.[1];
    if (id !== undefined) stated.set(id, index + 1);
  }
  const cited = tests.flatMap(citationsOf);
  const missing = [...stated]
    .filter(([id]) => !cited.some((one) => one.id === id))
    .map(([id, line]) => ({ file: protocol.file, line, message: `${id} is in the name of no test.` }));
  const unknown = cited
    .filter(({ id }) => !stated.has(id))
    .map(({ file, line, id }) => ({ file, line, message: `${id} is no invariant of ${protocol.file}.` }));
  return [...missing, ...unknown];
}

interface Citation {
  readonly file: string;
  readonly line: number;
  readonly id: string;
}

function citationsOf({ file, text }: SourceText): Citation[] {
  return [...text.matchAll(NAME)].flatMap((match) => {
    const line = text.slice(0, match.index).split('\n').length;
    return [...(match[2] ?? '').matchAll(CITED)].map(([id]) => ({ file, line, id }));
  });
}
