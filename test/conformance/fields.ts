/** Strict reading of the untyped parts of a case: what is unknown or of another type cannot be expressed. */
import { CannotExpress } from './verdict.ts';

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function asFields(value: unknown, what: string): Fields {
  if (!isFields(value)) throw new CannotExpress(`${what} is ${JSON.stringify(value)}, not an object`);
  return value;
}

/** Fails unless every field is known. A `note` is for people and always allowed. */
export function requireKnownFields(fields: Fields, known: readonly string[], what: string): void {
  const unknown = Object.keys(fields).filter((name) => name !== 'note' && !known.includes(name));
  if (unknown.length > 0) throw new CannotExpress(`${what} has unknown field ${unknown.join(', ')}`);
}

export function stringField(fields: Fields, name: string, what: string): string {
  const value = fields[name];
  if (typeof value !== 'string')
    throw new CannotExpress(`${what}.${name} is ${JSON.stringify(value)}, not a string`);
  return value;
}

export function integerField(fields: Fields, name: string, what: string): number {
  const value = fields[name];
  if (!Number.isSafeInteger(value)) {
    throw new CannotExpress(
      `${what}.${name} is ${JSON.stringify(value)}, not a whole number in the safe range`,
    );
  }
  // Number.isSafeInteger is true for numbers only.
  return value as number;
}

export function optionalInteger(fields: Fields, name: string, what: string): number | undefined {
  return fields[name] === undefined ? undefined : integerField(fields, name, what);
}

export function booleanField(fields: Fields, name: string, what: string): boolean {
  const value = fields[name] ?? false;
  if (typeof value !== 'boolean')
    throw new CannotExpress(`${what}.${name} is ${JSON.stringify(value)}, not a boolean`);
  return value;
}

export function asList(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new CannotExpress(`${what} is ${JSON.stringify(value)}, not a list`);
  return value;
}
