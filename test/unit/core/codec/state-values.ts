/** Legal values of state, and an equality that overlooks nothing. */
import fc from 'fast-check';

const VIEWS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];

/** A string of any UTF-16 code units: lone surrogates too. */
const anyString = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 })
    .map((codes) => String.fromCharCode(...codes)),
);

const anyName = fc.oneof(
  anyString,
  fc.constantFrom('__proto__', 'constructor', 'toJSON', 'hasOwnProperty', '__keys__', '0', '7', ''),
);

const anyLeaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    true,
    false,
    -0,
    0,
    NaN,
    Infinity,
    -Infinity,
    2 ** 53,
    -(2 ** 53),
  ),
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(31, 32, 127, 128, 255, 256, 65535, 65536, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 1e21),
  fc.constantFrom(-1, -32, -33, -128, -129, -32768, -32769, -(2 ** 31), -(2 ** 31) - 1),
  fc.bigInt(),
  fc.constantFrom(
    2n ** 63n,
    2n ** 64n,
    -(2n ** 63n),
    -(2n ** 63n) - 1n,
    2n ** 64n - 1n,
    10n ** 400n,
    -(10n ** 400n),
  ),
  anyString,
  fc.date({ noInvalidDate: false }),
  fc.uint8Array().map((bytes) => bytes.buffer),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => new DataView(bytes.buffer)),
  fc
    .tuple(fc.constantFrom(...VIEWS), fc.integer({ min: 0, max: 5 }))
    .chain(([type, length]) =>
      fc.uint8Array({ minLength: length * 8, maxLength: length * 8 }).map((bytes) => new type(bytes.buffer)),
    ),
);

/** Any value that assertStateValue allows, up to a few levels deep. */
export const anyStateValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 5, depthIdentifier: 'state' }, anyLeaf, tie('node')),
  node: fc.oneof(
    fc.array(tie('value'), { maxLength: 20 }),
    fc
      .array(fc.tuple(anyName, tie('value')), { maxLength: 20 })
      .map((entries) => Object.fromEntries(entries)),
    fc
      .array(fc.tuple(anyName, tie('value')), { maxLength: 4 })
      .map((entries) => Object.setPrototypeOf(Object.fromEntries(entries), null) as unknown),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 6 }).map((entries) => new Map(entries)),
    fc.array(tie('value'), { maxLength: 6 }).map((items) => new Set(items)),
    fc.sparseArray(tie('value'), { maxLength: 8 }),
  ),
})).value;

/** Where two values differ; undefined if nothing can tell them apart. */
export function differenceOf(a: unknown, b: unknown, path = 'value'): string | undefined {
  if (Object.is(a, b)) return undefined;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return path;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return `${path} (prototype)`;
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime()) ? undefined : path;
  if (a instanceof Map && b instanceof Map) return differenceOf([...a], [...b], `${path}.entries`);
  if (a instanceof Set && b instanceof Set) return differenceOf([...a], [...b], `${path}.items`);
  const bytes = [a, b].map(bytesOf);
  if (bytes[0] !== undefined) return bytes[0] === bytes[1] ? undefined : path;
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) return `${path}.length`;
  const names = Object.keys(a);
  if (names.join('\u0000') !== Object.keys(b).join('\u0000')) return `${path} (names)`;
  for (const name of names) {
    const member = [a, b].map((object) => Object.getOwnPropertyDescriptor(object, name)?.value as unknown);
    const difference = differenceOf(member[0], member[1], `${path}[${JSON.stringify(name)}]`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function bytesOf(value: object): string | undefined {
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString('hex');
  if (!ArrayBuffer.isView(value)) return undefined;
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex');
}
