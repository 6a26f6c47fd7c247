import { jsonText, unwritable } from './unwritable-field.ts';

/** Types of Parquet columns that a sink writes. */
export type FieldType =
  | 'BOOLEAN'
  | 'INT32'
  | 'INT64'
  | 'FLOAT'
  | 'DOUBLE'
  | 'STRING'
  | 'JSON'
  | 'DATE'
  | 'TIMESTAMP';

const DAY_MS = 86_400_000;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** What each type takes, in words, and the value to store; undefined for a value of another type. */
const CONVERSIONS: Readonly<Record<FieldType, { takes: string; store(value: unknown): unknown }>> = {
  BOOLEAN: { takes: 'a boolean', store: (value) => (typeof value === 'boolean' ? value : undefined) },
  INT32: {
    takes: 'a whole number of 32 bits',
    store: (value) =>
      typeof value === 'number' && Number.isInteger(value) && (value | 0) === value ? value : undefined,
  },
  INT64: { takes: 'a whole, safe number or a bigint of 64 bits', store: int64 },
  FLOAT: { takes: 'a number', store: (value) => (typeof value === 'number' ? value : undefined) },
  DOUBLE: { takes: 'a number', store: (value) => (typeof value === 'number' ? value : undefined) },
  STRING: { takes: 'a string', store: (value) => (typeof value === 'string' ? value : undefined) },
  JSON: { takes: 'a JSON value', store: (value) => value },
  DATE: {
    takes: 'a Date, an ISO date or milliseconds since 1970',
    store: (value) => {
      const ms = timeMs(value);
      return ms === undefined ? undefined : Math.floor(ms / DAY_MS);
    },
  },
  TIMESTAMP: { takes: 'a Date, an ISO timestamp or milliseconds since 1970', store: timeMs },
};

/**
 * Checks and converts the values of a column. The function throws RecordError RECORD_INVALID naming the
 * column.
 */
export function fieldConversion(
  sink: string,
  column: { readonly name: string; readonly type: FieldType; readonly nullable: boolean },
): (value: unknown) => unknown {
  const { name, type, nullable } = column;
  const { takes, store } = CONVERSIONS[type];
  return (value) => {
    if (value === null || value === undefined) {
      if (nullable) return null;
      throw unwritable(sink, name, {
        what: `it is ${value}`,
        advice: 'Give it a value or declare it nullable.',
      });
    }
    // A copy: the record may change before its row group is written.
    if (type === 'JSON') return JSON.parse(jsonText(value, sink, name)) as unknown;
    const stored = store(value);
    if (stored !== undefined) return stored;
    throw unwritable(sink, name, {
      what: `${type} takes ${takes}, this is ${shown(value)}`,
      advice: 'Convert it.',
    });
  };
}

function int64(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  return typeof value === 'bigint' && value >= INT64_MIN && value <= INT64_MAX ? value : undefined;
}

function timeMs(value: unknown): number | undefined {
  let ms = Number.NaN;
  if (value instanceof Date) ms = value.getTime();
  else if (typeof value === 'string') ms = Date.parse(value);
  else if (typeof value === 'number') ms = value;
  return Number.isSafeInteger(ms) ? ms : undefined;
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  return typeof value === 'object' ? `a ${value?.constructor?.name ?? 'value'}` : String(value);
}
