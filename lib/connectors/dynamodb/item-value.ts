/** JSON data as attributes of an item. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** Levels of lists and maps in one attribute. */
const DEPTH_MAX = 32;
const MAGNITUDE_MIN = 1e-130;
const MAGNITUDE_MAX = 1e126;

/** Throws RangeError, with a reason that completes "field … ", for what no item can hold. */
export function attributesOf(fields: object): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, attributeOf(value)]));
}

/** As of `attributesOf`, for what JSON.parse makes. */
function attributeOf(value: unknown, depth = 0): AttributeValue {
  if (depth > DEPTH_MAX) throw new RangeError(`holds more than ${DEPTH_MAX} levels of lists and objects`);
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: numberText(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (Array.isArray(value)) return { L: value.map((member) => attributeOf(member, depth + 1)) };
  if (typeof value !== 'object' || value === null) return { NULL: true };
  const members = Object.entries(value).map(
    ([name, member]) => [name, attributeOf(member, depth + 1)] as const,
  );
  return { M: Object.fromEntries(members) };
}

function numberText(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && !(magnitude >= MAGNITUDE_MIN && magnitude < MAGNITUDE_MAX)) {
    throw new RangeError(`holds ${value}, which is outside of the numbers of DynamoDB`);
  }
  return String(value);
}
