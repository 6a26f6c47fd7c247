import { isAbsolute, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of this package's code, `lib/` of a checkout or `dist/lib/` of an installation. */
const PACKAGE_FOLDER = fileURLToPath(new URL('../', import.meta.url));
const FRAME = /^ *at (?:.* \()?(.+):(\d+):(\d+)\)?$/;
/** Deep enough to leave the package from any of its methods. */
const FRAMES_MAX = 30;

/**
 * Line of user code that called into this package: the first frame outside it.
 *
 * Shape  `file:line:column`, the file relative to the working folder if it lies inside; `unknown` without a
 * frame.
 */
export function userLocation(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES_MAX;
  const stack = new Error().stack ?? '';
  Error.stackTraceLimit = limit;
  for (const line of stack.split('\n')) {
    const [, place, row, column] = FRAME.exec(line) ?? [];
    if (place === undefined || place.startsWith('node:')) continue;
    const file = place.startsWith('file://') ? fileURLToPath(place) : place;
    if (file.startsWith(PACKAGE_FOLDER)) continue;
    return `${shown(file)}:${row}:${column}`;
  }
  return 'unknown';
}

function shown(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith('..') || isAbsolute(path) ? file : path;
}
