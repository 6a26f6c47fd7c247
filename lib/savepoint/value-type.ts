/** The shape of values as a type of TypeScript, found by looking at them. */

/** Nesting below which a shape is told as `unknown`, and members of a union above which it is. */
const DEPTH_MAX = 4;
const MEMBERS_MAX = 6;
const FIELDS_MAX = 20;

/** The common type of `values`; `never` if there are none. Fields that not all objects have are optional. */
export function typeOfValues(values: readonly unknown[], depth = 0): string {
  if (values.length === 0) return 'never';
  if (depth >= DEPTH_MAX) return 'unknown';
  const members = new Set<string>();
  const objects: Record<string, unknown>[] = [];
  const elements: unknown[] = [];
  let arrays = 0;
  for (const value of values) {
    if (Array.isArray(value)) {
      arrays += 1;
      for (const element of value) elements.push(element);
    } else if (isPlain(value)) objects.push(value);
    else members.add(nameOf(value, depth));
  }
  if (arrays > 0) members.add(`Array<${typeOfValues(elements, depth + 1)}>`);
  if (objects.length > 0) members.add(typeOfObjects(objects, depth));
  return members.size > MEMBERS_MAX ? 'unknown' : [...members].sort().join(' | ');
}

function typeOfObjects(objects: readonly Record<string, unknown>[], depth: number): string {
  const fields = new Map<string, unknown[]>();
  for (const object of objects) {
    for (const [name, value] of Object.entries(object)) {
      const values = fields.get(name);
      if (values === undefined) fields.set(name, [value]);
      else values.push(value);
      if (fields.size > FIELDS_MAX) return 'Record<string, unknown>';
    }
  }
  const texts = [...fields]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, values]) => {
      const optional = values.length < objects.length ? '?' : '';
      return `${fieldName(name)}${optional}: ${typeOfValues(values, depth + 1)}`;
    });
  return texts.length === 0 ? '{}' : `{ ${texts.join('; ')} }`;
}

function fieldName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

function nameOf(value: unknown, depth: number): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value;
  if (value instanceof Map) {
    const key = typeOfValues([...value.keys()], depth + 1);
    return `Map<${key}, ${typeOfValues([...value.values()], depth + 1)}>`;
  }
  if (value instanceof Set) return `Set<${typeOfValues([...value], depth + 1)}>`;
  return value.constructor?.name ?? 'object';
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
