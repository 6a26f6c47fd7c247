/** JSON data as attributes of an item. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** Levels of lists and maps in one attribute. */
const DEPTH_MAX = 32;
const MAGNITUDE_MIN = 1e-130;
const MAGNITUDE_MAX = 1e126;
/** What a list or map takes beside its members, and each of them beside its name and value. */
const CONTAINER_BYTES = 3;
const MEMBER_BYTES = 1;

/** Throws RangeError, with a reason that completes "it … ", for what no item can hold. */
export function attributesOf(fields: object, depth = 0): Record<string, AttributeValue> {
  const attributes = Object.entries(fields).map(([name, value]) => {
    if (name === '') throw new RangeError('holds a field without a name');
    return [name, attributeOf(value, depth)] as const;
  });
  return Object.fromEntries(attributes);
}

/** Bytes of an item, no fewer than DynamoDB counts. Source: "DynamoDB item sizes and formats". */
export function bytesOf(attributes: Readonly<Record<string, AttributeValue>>): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(attributes))
    bytes += Buffer.byteLength(name) + valueBytes(value);
  return bytes;
}

function valueBytes({ S, N, L, M }: AttributeValue): number {
  if (S !== undefined) return Buffer.byteLength(S);
  // A byte for two digits, one for the exponent.
  if (N !== undefined) return Math.ceil(N.length / 2) + 1;
  if (M !== undefined) return CONTAINER_BYTES + MEMBER_BYTES * Object.keys(M).length + bytesOf(M);
  if (L === undefined) return 1;
  return L.reduce((bytes, member) => bytes + MEMBER_BYTES + valueBytes(member), CONTAINER_BYTES);
}

/** As of `attributesOf`, for what JSON.parse makes. */
function attributeOf(value: unknown, depth: number): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: numberText(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (typeof value !== 'object' || value === null) return { NULL: true };
  if (depth >= DEPTH_MAX) throw new RangeError(`holds more than ${DEPTH_MAX} levels of lists and objects`);
  if (Array.isArray(value)) return { L: value.map((member) => attributeOf(member, depth + 1)) };
  return { M: attributesOf(value, depth + 1) };
}

function numberText(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && !(magnitude >= MAGNITUDE_MIN && magnitude < MAGNITUDE_MAX)) {
    throw new RangeError(`holds ${value}, which is outside of the numbers of DynamoDB`);
  }
  return String(value);
}
