import { isAbsolute, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A line of user code. */
export interface SourcePlace {
  /** Absolute path. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1; undefined if only the line is known. */
  readonly column: number | undefined;
}

/** `path` as a person at `cwd` would write it. */
export function shownPath(path: string, cwd: string): string {
  const shown = relative(cwd, path);
  return shown === '' || shown.startsWith('..') || isAbsolute(shown) ? path : shown;
}

/** `file:line:column` as a person at `cwd` would write it. */
export function shownPlace(place: SourcePlace, cwd: string): string {
  const column = place.column === undefined ? '' : `:${place.column}`;
  return `${shownPath(place.file, cwd)}:${place.line}${column}`;
}

/**
 * Where Node says a module does not compile or link: its stack begins with the place, lines of source and
 * carets under the offending piece.
 */
export function placeOfSyntaxError(error: Error): (SourcePlace & { readonly source: string }) | undefined {
  const lines = (error.stack ?? '').split('\n');
  const match = /^(file:.+|\/.+|[A-Za-z]:\\.+):(\d+)$/.exec(lines[0] ?? '');
  if (match === null) return undefined;
  const carets = lines.findIndex((line) => /^\s*\^+\s*$/.test(line));
  return {
    file: pathOf(match[1]!),
    line: Number(match[2]),
    column: carets < 0 ? undefined : lines[carets]!.indexOf('^') + 1,
    source: lines[carets - 1] ?? '',
  };
}

/** The first line of the stack that `isOwn` does not disown and that is neither Node's nor a package's. */
export function firstUserPlace(
  error: Error,
  isOwn: (file: string) => boolean = () => false,
): SourcePlace | undefined {
  for (const frame of (error.stack ?? '').split('\n')) {
    const match = /(?:\(|at (?:async )?)(file:.+|\/.+|[A-Za-z]:\\.+):(\d+):(\d+)\)?$/.exec(frame);
    if (match === null) continue;
    const file = pathOf(match[1]!);
    if (/[\\/]node_modules[\\/]/.test(file) || isOwn(file)) continue;
    return { file, line: Number(match[2]), column: Number(match[3]) };
  }
  return undefined;
}

function pathOf(location: string): string {
  return location.startsWith('file:') ? fileURLToPath(location.replace(/[?#].*$/, '')) : location;
}
