import { messageOf, RecordError } from '../../core/errors.ts';

/**
 * The error of a record that a sink cannot write. `field`: path of the field, empty for the record itself.
 */
export function unwritable(
  sink: string,
  field: string,
  problem: { readonly what: string; readonly advice: string; readonly cause?: unknown },
): RecordError {
  const place = field === '' ? 'a record' : `field "${field}" of a record`;
  const message = `Sink ${sink} cannot write ${place}: ${problem.what}. ${problem.advice}`;
  return new RecordError('RECORD_INVALID', message, { cause: problem.cause, context: { location: sink } });
}

interface Loss {
  readonly field: string;
  readonly what: string;
  readonly advice: string;
}

const CONVERT = 'Convert it before the sink.';

/**
 * The JSON text of a value. `null` and `{}` in the text may stand for something that JSON has no form for
 * (NaN, an invalid Date, a Map); only then is the value searched.
 *
 * Throws RecordError RECORD_INVALID for a value that JSON cannot write or would write as something else.
 */
export function jsonText(value: unknown, sink: string, field = ''): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (thrown) {
    const loss = searchLoss(value, field);
    const what = loss?.what ?? `JSON.stringify threw: ${messageOf(thrown)}`;
    const problem = { what, advice: loss?.advice ?? CONVERT, cause: thrown };
    throw unwritable(sink, loss?.field ?? field, problem);
  }
  if (text === undefined)
    throw unwritable(sink, field, { what: `${typeName(value)} has no JSON form`, advice: CONVERT });
  if (text.includes('null') || text.includes('{}')) {
    const loss = searchLoss(value, field);
    if (loss !== undefined) throw unwritable(sink, loss.field, loss);
  }
  return text;
}

/** The first value inside `value` that JSON cannot hold. */
function searchLoss(value: unknown, field: string): Loss | undefined {
  try {
    return findLoss(value, field, []);
  } catch {
    // Getters and toJSON methods of users may throw here as they did before.
    return undefined;
  }
}

function findLoss(value: unknown, field: string, ancestors: readonly unknown[]): Loss | undefined {
  const what = lossOf(value, ancestors);
  if (what !== undefined) return { field, what, advice: CONVERT };
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return undefined;
  const inside = [...ancestors, value];
  for (const [name, member] of Object.entries(value)) {
    const path = Array.isArray(value) ? `${field}[${name}]` : field === '' ? name : `${field}.${name}`;
    const loss = findLoss(member, path, inside);
    if (loss !== undefined) return loss;
  }
  return undefined;
}

function lossOf(value: unknown, ancestors: readonly unknown[]): string | undefined {
  if (typeof value === 'bigint') return 'a bigint has no JSON form';
  if (typeof value === 'number' && !Number.isFinite(value)) return `${value} has no JSON form`;
  if (value instanceof Date && Number.isNaN(value.getTime())) return 'it is an invalid Date';
  if (typeof value !== 'object' || value === null) return undefined;
  if (ancestors.includes(value)) return 'it contains itself';
  if (isPlain(value) || 'toJSON' in value || Object.keys(value).length > 0) return undefined;
  return `${typeName(value)} has no JSON form`;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Array.isArray(value);
}

function typeName(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (typeof value === 'object' && value !== null) return `a ${value.constructor?.name ?? 'value'}`;
  return `a ${typeof value}`;
}
