/** One breach of a rule, in the words the author of the file needs. */
export interface Violation {
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
  readonly message: string;
}

/** A file as the rules see it. `file` is the path inside the repository. */
export interface SourceText {
  readonly file: string;
  readonly text: string;
}

/** One line each, so that a failing test reads as a list of places. */
export function format(violations: readonly Violation[]): string[] {
  return violations.map(({ file, line, message }) => `${file}:${line} ${message}`);
}
