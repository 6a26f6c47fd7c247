/**
 * Keys of streams and map state: what may be a key, its one canonical encoding and its one hash.
 *
 * Legal keys are string, number, bigint, boolean, Date, and tuples (arrays) and plain objects of these.
 * Both the encoding and the hash are fixed for ever: state is addressed by them. Equal keys are those with
 * equal encodings: −0 is 0, every NaN is one key, 1 and 1.0 are the same number, 1 and 1n are not, the
 * order of an object's properties does not matter.
 *
 * The hash is Java's `hashCode` of the matching Java value (String, Integer, Long, Double, Boolean, Date,
 * BigInteger, Flink's TupleN, Map), so that key groups agree with Flink's.
 */
import { RecordError } from './errors.ts';
import { assignToKeyGroup } from './key-groups.ts';
import { LIMITS } from './limits.ts';

/** Primitive stand-in of a key: equal exactly when the keys are equal. */
export type CanonicalKey = string | number | bigint | boolean;

/** First byte of an encoded key, by type; `end` closes tuples and objects. */
export const KEY_TAG = {
  end: 0,
  false: 1,
  true: 2,
  number: 3,
  bigint: 4,
  string: 5,
  date: 6,
  tuple: 7,
  object: 8,
} as const;
const scratch = new DataView(new ArrayBuffer(8));
const COMPOSITE_PREFIX = '\u0000';
const ESCAPED_STRING_PREFIX = '\u0000s';

/**
 * The key as a primitive that can stand in a Map: primitives stay themselves, composites become a string
 * that no string key equals. Throws RecordError KEY_INVALID for anything that is not a legal key.
 */
export function canonicalKey(key: unknown): CanonicalKey {
  switch (typeof key) {
    case 'string':
      return key.charCodeAt(0) === 0 ? ESCAPED_STRING_PREFIX + key : key;
    case 'number':
      return key === 0 ? 0 : key;
    case 'bigint':
    case 'boolean':
      return key;
    default:
      return COMPOSITE_PREFIX + Buffer.from(encodeKey(key)).toString('latin1');
  }
}

/**
 * Key group of a key: Flink's murmur of the hash, modulo `maxParallelism`. Throws RecordError KEY_INVALID.
 */
export function keyGroupOf(key: unknown, maxParallelism: number): number {
  return assignToKeyGroup(hashKey(key), maxParallelism);
}

/**
 * Canonical bytes of a key. The order of the bytes is the order of the keys within one type.
 *
 * Shape  tag, then: number and Date 8 bytes of the sortable big-endian double; bigint sign, length,
 *        magnitude; string WTF-8 with 00 as 00 FF, ended by 00 01; tuple its elements, ended by 00; object
 *        its properties sorted by name in UTF-16 order as name, value, ended by 00.
 * Throws RecordError KEY_INVALID.
 */
export function encodeKey(key: unknown): Uint8Array {
  const bytes: number[] = [];
  encodeInto(bytes, key, []);
  return Uint8Array.from(bytes);
}

function encodeInto(bytes: number[], key: unknown, path: readonly string[]): void {
  switch (typeof key) {
    case 'string':
      encodeString(bytes, key);
      break;
    case 'number':
      bytes.push(KEY_TAG.number);
      encodeDouble(bytes, key);
      break;
    case 'bigint':
      encodeBigint(bytes, key);
      break;
    case 'boolean':
      bytes.push(key ? KEY_TAG.true : KEY_TAG.false);
      break;
    default:
      encodeComposite(bytes, key, path);
  }
}

function encodeComposite(bytes: number[], key: unknown, path: readonly string[]): void {
  if (path.length > LIMITS.keyDepthMax) throw invalidKey(key, path);
  if (key instanceof Date && !Number.isNaN(key.getTime())) {
    bytes.push(KEY_TAG.date);
    encodeDouble(bytes, key.getTime());
  } else if (Array.isArray(key)) {
    bytes.push(KEY_TAG.tuple);
    for (let i = 0; i < key.length; i++) encodeInto(bytes, key[i], [...path, `[${i}]`]);
    bytes.push(KEY_TAG.end);
  } else if (isPlainObject(key)) {
    bytes.push(KEY_TAG.object);
    for (const name of Object.keys(key).sort()) {
      encodeString(bytes, name);
      encodeInto(bytes, key[name], [...path, `.${name}`]);
    }
    bytes.push(KEY_TAG.end);
  } else {
    throw invalidKey(key, path);
  }
}

function encodeDouble(bytes: number[], value: number): void {
  setDouble(value);
  // Sortable doubles: flip every bit of a negative number, only the sign bit of any other.
  const mask = scratch.getInt8(0) < 0 ? 0xff : 0;
  bytes.push(scratch.getUint8(0) ^ (mask | 0x80));
  for (let i = 1; i < 8; i++) bytes.push(scratch.getUint8(i) ^ mask);
}

/** Engines may keep the payload of a NaN; Java's canonical one is written instead. */
function setDouble(value: number): void {
  if (Number.isNaN(value)) scratch.setBigUint64(0, 0x7ff8000000000000n);
  else scratch.setFloat64(0, value === 0 ? 0 : value);
}

function encodeBigint(bytes: number[], value: bigint): void {
  const negative = value < 0n;
  const mask = negative ? 0xff : 0;
  const magnitude = magnitudeBytes(negative ? -value : value);
  bytes.push(KEY_TAG.bigint, negative ? 0 : 1);
  for (const shift of [24, 16, 8, 0]) bytes.push(((magnitude.length >>> shift) & 0xff) ^ mask);
  for (const byte of magnitude) bytes.push(byte ^ mask);
}

function magnitudeBytes(value: bigint): Buffer {
  if (value === 0n) return Buffer.alloc(0);
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}

function encodeString(bytes: number[], text: string): void {
  bytes.push(KEY_TAG.string);
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i) ?? 0;
    if (code === 0) bytes.push(0, 0xff);
    else if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else {
      bytes.push(
        0xf0 | (code >> 18),
        0x80 | ((code >> 12) & 63),
        0x80 | ((code >> 6) & 63),
        0x80 | (code & 63),
      );
      i++;
    }
  }
  bytes.push(0, 1);
}

/** Java's hashCode of the key, a signed 32-bit integer. Throws RecordError KEY_INVALID. */
export function hashKey(key: unknown): number {
  switch (typeof key) {
    case 'string':
      return hashString(key);
    case 'number':
      return hashNumber(key);
    case 'bigint':
      return hashBigint(key);
    case 'boolean':
      return key ? 1231 : 1237;
    default:
      return hashComposite(key, 0);
  }
}

function hashString(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}

function hashNumber(value: number): number {
  if ((value | 0) === value) return value | 0;
  if (Number.isSafeInteger(value)) return hashLong(value);
  setDouble(value);
  return scratch.getInt32(0) ^ scratch.getInt32(4);
}

function hashLong(value: number): number {
  return ((value >>> 0) ^ Math.floor(value / 2 ** 32)) | 0;
}

function hashBigint(value: bigint): number {
  if (BigInt.asIntN(64, value) === value) {
    return Number(BigInt.asIntN(32, value)) ^ Number(BigInt.asIntN(32, value >> 32n));
  }
  const magnitude = value < 0n ? -value : value;
  let hash = 0;
  for (
    let shift = BigInt(Math.ceil(magnitude.toString(16).length / 8) - 1) * 32n;
    shift >= 0n;
    shift -= 32n
  ) {
    hash = (Math.imul(hash, 31) + Number(BigInt.asIntN(32, magnitude >> shift))) | 0;
  }
  return value < 0n ? -hash | 0 : hash;
}

function hashComposite(key: unknown, depth: number): number {
  if (depth > LIMITS.keyDepthMax) throw invalidKey(key, []);
  const nested = (value: unknown) =>
    typeof value === 'object' ? hashComposite(value, depth + 1) : hashKey(value);
  if (key instanceof Date && !Number.isNaN(key.getTime())) return hashLong(key.getTime());
  if (Array.isArray(key)) {
    let hash = 0;
    for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + nested(key[i])) | 0;
    return hash;
  }
  if (isPlainObject(key)) {
    let hash = 0;
    for (const name of Object.keys(key)) hash = (hash + (hashString(name) ^ nested(key[name]))) | 0;
    return hash;
  }
  throw invalidKey(key, []);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function invalidKey(key: unknown, path: readonly string[]): RecordError {
  const where = path.length === 0 ? 'the key' : `the key's part ${path.slice(0, 8).join('')}`;
  return new RecordError(
    'KEY_INVALID',
    `${where} is ${describe(key)}, but a key must be a string, number, bigint, boolean, valid Date, ` +
      'or a tuple or plain object of these; return such a value from the key selector.',
  );
}

function describe(key: unknown): string {
  if (key === null || key === undefined) return String(key);
  if (key instanceof Date) return 'an invalid Date';
  if (Array.isArray(key)) return `a tuple nested deeper than ${LIMITS.keyDepthMax} levels`;
  if (typeof key !== 'object') return `a ${typeof key}`;
  return isPlainObject(key)
    ? `an object nested deeper than ${LIMITS.keyDepthMax} levels`
    : `an instance of ${key.constructor?.name ?? 'a class'}`;
}
