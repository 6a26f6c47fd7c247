/**
 * Turns what Parquet stores into what NDJSON of the same data would hold: numbers, ISO strings, plain
 * objects, arrays and nulls. hyparquet is asked for stored values, because its own conversions of decimals
 * and times lose digits.
 */
import type { ParquetParsers, SchemaElement, SchemaTree } from 'hyparquet';

/** How values become JavaScript values. */
export interface ParquetValueOptions {
  /** 64-bit integers become numbers if they are safe ones, or bigints. */
  readonly int64: 'number' | 'bigint';
  /** TIMESTAMP and DATE become ISO strings in UTC, or Dates. */
  readonly temporal: 'iso' | 'date';
}

/** Turns a stored value into a JavaScript value; a value that has none throws ValueProblem. */
export type ParquetConversion = (stored: unknown) => unknown;

/** Why a value cannot be turned into a JavaScript value. Caught in this folder, never seen outside. */
export class ValueProblem extends Error {}

const DAY_MS = 86_400_000;
/** Powers of ten up to this one are exact in a double, so that one division rounds correctly. */
const EXACT_POWER_MAX = 22;
const FRACTION_DIGITS = { MILLIS: 3, MICROS: 6, NANOS: 9 } as const;

type TimestampUnit = keyof typeof FRACTION_DIGITS;

const utf8 = new TextDecoder();

/** Makes hyparquet answer stored values where this file converts them. */
export function withoutLogicalTypes(schema: readonly SchemaElement[]): SchemaElement[] {
  return schema.map((element) => {
    const { converted_type, logical_type, ...stored } = element;
    if (isDate(element) || isDecimal(element) || timestampUnit(element) !== undefined) return stored;
    const group = logical_type?.type;
    // Nested columns are recognised by the older of the two annotations.
    const nested = converted_type === undefined && (group === 'LIST' || group === 'MAP');
    return nested ? { ...element, converted_type: group } : element;
  });
}

/** Parsers that leave the deprecated 96-bit timestamps in nanoseconds. */
export const storedValueParsers: Partial<ParquetParsers> = {
  timestampFromNanoseconds: (nanos) => nanos,
};

/** The conversion of a column with everything nested in it. `schema`: with its logical types. */
export function conversionOf(schema: SchemaTree, options: ParquetValueOptions): ParquetConversion {
  const convert =
    schema.children.length > 0 ? nestedConversion(schema, options) : leafConversion(schema, options);
  const { element } = schema;
  const repeated = element.repetition_type === 'REPEATED';
  if (repeated) return (stored) => (Array.isArray(stored) ? stored.map(nullable(convert)) : []);
  return nullable(convert);
}

function nullable(convert: ParquetConversion): ParquetConversion {
  return (stored) => (stored === null || stored === undefined ? null : convert(stored));
}

function nestedConversion(schema: SchemaTree, options: ParquetValueOptions): ParquetConversion {
  const kind = schema.element.converted_type ?? schema.element.logical_type?.type;
  const [group] = schema.children;
  if (kind === 'LIST' && group !== undefined) {
    // The middle group of a list holds one element, which it also may be itself.
    const [element] = group.children;
    const item =
      group.children.length === 1 && element ? element : { ...group, element: optional(group.element) };
    const convert = conversionOf(item, options);
    return (stored) => (Array.isArray(stored) ? stored.map(convert) : stored);
  }
  if (kind === 'MAP' && group?.children[1] !== undefined) {
    const convert = conversionOf(group.children[1], options);
    return (stored) => mapValues(stored, () => convert);
  }
  // Variants come decoded.
  if (schema.element.logical_type?.type === 'VARIANT') return (stored) => stored;
  const fields = new Map(schema.children.map((child) => [child.element.name, conversionOf(child, options)]));
  return (stored) => mapValues(stored, (name) => fields.get(name));
}

function optional(element: SchemaElement): SchemaElement {
  return { ...element, repetition_type: 'OPTIONAL' };
}

function mapValues(stored: unknown, conversion: (name: string) => ParquetConversion | undefined): unknown {
  if (typeof stored !== 'object' || stored === null) return stored;
  return Object.fromEntries(
    Object.entries(stored).map(([name, value]) => [name, conversion(name)?.(value) ?? null]),
  );
}

function leafConversion({ element }: SchemaTree, options: ParquetValueOptions): ParquetConversion {
  if (isDecimal(element)) return decimalConversion(element);
  if (isDate(element)) return dateConversion(options);
  const unit = timestampUnit(element);
  if (unit !== undefined) return timestampConversion(unit, options);
  if (element.type === 'INT64' && options.int64 === 'number') return safeNumber;
  if (element.type === 'BYTE_ARRAY')
    return (stored) => (stored instanceof Uint8Array ? utf8.decode(stored) : stored);
  return (stored) => stored;
}

function isDate({ converted_type, logical_type }: SchemaElement): boolean {
  return converted_type === 'DATE' || logical_type?.type === 'DATE';
}

function isDecimal({ converted_type, logical_type }: SchemaElement): boolean {
  return converted_type === 'DECIMAL' || logical_type?.type === 'DECIMAL';
}

function timestampUnit({ type, converted_type, logical_type }: SchemaElement): TimestampUnit | undefined {
  if (logical_type?.type === 'TIMESTAMP') return logical_type.unit;
  if (converted_type === 'TIMESTAMP_MILLIS') return 'MILLIS';
  if (converted_type === 'TIMESTAMP_MICROS') return 'MICROS';
  return type === 'INT96' ? 'NANOS' : undefined;
}

function safeNumber(stored: unknown): unknown {
  if (typeof stored !== 'bigint') return stored;
  const value = Number(stored);
  if (Number.isSafeInteger(value)) return value;
  throw new ValueProblem(
    `holds ${stored}, which no number holds exactly; read the source with int64: 'bigint'`,
  );
}

function decimalConversion(element: SchemaElement): ParquetConversion {
  const { logical_type } = element;
  const scale = element.scale ?? (logical_type?.type === 'DECIMAL' ? logical_type.scale : 0);
  return (stored) => {
    const unscaled = stored instanceof Uint8Array ? signedBigEndian(stored) : stored;
    const value = Number(unscaled);
    if (scale <= EXACT_POWER_MAX && Number.isSafeInteger(value)) return value / 10 ** scale;
    return Number(`${unscaled}e-${scale}`);
  };
}

function signedBigEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(bytes.length * 8, value);
}

function dateConversion(options: ParquetValueOptions): ParquetConversion {
  return (stored) => {
    const date = checkedDate(Number(stored) * DAY_MS);
    return options.temporal === 'date' ? date : date.toISOString().slice(0, -'T00:00:00.000Z'.length);
  };
}

function timestampConversion(unit: TimestampUnit, options: ParquetValueOptions): ParquetConversion {
  const digits = FRACTION_DIGITS[unit];
  const perMs = 10n ** BigInt(digits - 3);
  return (stored) => {
    const ticks = BigInt(stored as bigint | number);
    const rest = ((ticks % perMs) + perMs) % perMs;
    const date = checkedDate(Number((ticks - rest) / perMs));
    if (options.temporal === 'date') return date;
    const iso = date.toISOString();
    // A Date has no place for what is finer than a millisecond; text has.
    return rest === 0n ? iso : `${iso.slice(0, -1)}${String(rest).padStart(digits - 3, '0')}Z`;
  };
}

function checkedDate(ms: number): Date {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime()))
    throw new ValueProblem(`holds ${ms} ms since 1970, which is out of the range of dates`);
  return date;
}
