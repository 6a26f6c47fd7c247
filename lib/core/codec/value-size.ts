/** About how many bytes a value will take, without encoding it. */

const NUMBER_BYTES = 6;

export function estimateBytes(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return value.length + 2;
    case 'object':
      return value === null ? 1 : estimateObject(value);
    case 'number':
    case 'bigint':
      return NUMBER_BYTES;
    default:
      return 1;
  }
}

function estimateObject(value: object): number {
  let bytes = 3;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) bytes += estimateBytes(value[i]);
  } else if (value instanceof Map) {
    for (const [key, item] of value) bytes += estimateBytes(key) + estimateBytes(item);
  } else if (value instanceof Set) {
    for (const item of value) bytes += estimateBytes(item);
  } else if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    bytes += value.byteLength;
  } else {
    // An object of state is read by its own names only; a name costs its number.
    const object = value as Record<string, unknown>;
    for (const name of Object.keys(object)) bytes += 1 + estimateBytes(object[name]);
  }
  return bytes;
}
