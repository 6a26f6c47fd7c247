import { sep } from 'node:path';
import { type ErrorCode, type ErrorContext, isStreamError, messageOf } from '../core/errors.ts';
import type { RunningCopy } from './running-copy.ts';
import { firstUserPlace, shownPlace } from './source-place.ts';

export interface ReportOptions {
  readonly cwd: string;
  readonly copy: RunningCopy;
  /** Adds stacks. */
  readonly verbose: boolean;
}

/** Errors of modules that do not load: their message is their cause, told better. */
const TOLD_BETTER: ReadonlySet<ErrorCode> = new Set(['JOB_MODULE_INVALID', 'PACKAGE_MISSING']);

/** An error as lines for people: code and message, where, why. */
export function formatError(thrown: unknown, options: ReportOptions): string {
  const text = linesOf(thrown, options);
  return options.verbose ? text : withShortPaths(text, options.cwd);
}

/** Paths below `cwd` without it. */
function withShortPaths(text: string, cwd: string): string {
  const folder = cwd.endsWith(sep) ? cwd : cwd + sep;
  // Within a longer path the same characters mean something else.
  return text.split(folder).reduce((left, right) => left + (/[\w./\\-]$/.test(left) ? folder : '') + right);
}

function linesOf(thrown: unknown, options: ReportOptions): string {
  if (!isStreamError(thrown)) return `error: ${options.verbose ? stackOf(thrown) : messageOf(thrown)}`;
  const { code, message, context, cause } = thrown;
  const lines = [`error ${code}: ${message}`, ...contextLines(context, message)];
  const told = TOLD_BETTER.has(code) && !options.verbose;
  if (cause !== undefined && !told) lines.push(...causeLines(cause, { message, ...options }));
  if (options.verbose && thrown.stack !== undefined) lines.push(thrown.stack);
  return lines.join('\n');
}

/** The same as plain data, for `--json`. */
export function errorAsData(thrown: unknown): Readonly<Record<string, unknown>> {
  if (!isStreamError(thrown)) return { message: messageOf(thrown) };
  const { code, message, context, cause } = thrown;
  return { code, message, ...context, ...(cause === undefined ? {} : { cause: messageOf(cause) }) };
}

function contextLines(context: ErrorContext, message: string): readonly string[] {
  const lines: readonly (readonly [label: string, value: string | undefined])[] = [
    ['operator', context.operatorUid ?? context.operatorName],
    ['state', context.stateName],
    ['at', context.location],
    ['record', context.position],
  ];
  return lines.flatMap(([label, value]) =>
    value === undefined || message.includes(value) ? [] : [`  ${label}: ${value}`],
  );
}

function causeLines(
  cause: unknown,
  options: ReportOptions & { readonly message: string },
): readonly string[] {
  if (options.verbose) return [`  cause: ${stackOf(cause)}`];
  const text = messageOf(cause);
  const place = cause instanceof Error ? firstUserPlace(cause, options.copy.isOwnFile) : undefined;
  const where = place === undefined ? '' : shownPlace(place, options.cwd);
  if (options.message.includes(text) && options.message.includes(where)) return [];
  const name = cause instanceof Error ? `${cause.name}: ` : '';
  return [`  cause: ${name}${text}${where === '' ? '' : ` (${where})`}`];
}

function stackOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? messageOf(thrown)) : messageOf(thrown);
}
