/** What may be kept in state: structured-clone-like data, checked at the write where a mistake is made. */
import { UserError } from './errors.ts';
import { LIMITS } from './limits.ts';

/** Prototypes of objects that hold no other values. */
const LEAF_PROTOTYPES: ReadonlySet<object | null> = new Set<object | null>(
  [
    Date,
    ArrayBuffer,
    DataView,
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
  ].map((type) => type.prototype),
);

/** Visited nodes after which objects are remembered, so that shared structure is walked once. */
const MEMO_THRESHOLD = 4096;

/** One inspection: where it stands and what it has seen. */
interface Walk {
  nodes: number;
  readonly ancestors: object[];
  /** Steps from the offending part up to the root, filled while the walk unwinds. */
  readonly path: string[];
  seen: Set<object> | undefined;
}

/**
 * Checks that `value` is data: primitives, plain objects, arrays, Map, Set, Date, ArrayBuffer, DataView and
 * typed arrays, without cycles and at most LIMITS.stateValueDepthMax levels deep. Returns the number of parts
 * it looked at.
 *
 * `where` names the state and its operator; `root` names the value in the path, for example `accumulator`.
 * Throws UserError STATE_VALUE_INVALID.
 */
export function assertStateValue(value: unknown, where: () => string, root = 'value'): number {
  const type = typeof value;
  if (type !== 'object' && type !== 'function' && type !== 'symbol') return 1;
  if (typeof value === 'object' && value !== null) {
    const flat = flatParts(value);
    if (flat > 0) return flat;
  }
  const walk: Walk = { nodes: 0, ancestors: [], path: [], seen: undefined };
  const fault = faultOf(value, walk);
  if (fault === undefined) return walk.nodes;
  const path = root + walk.path.reverse().join('');
  throw new UserError(
    'STATE_VALUE_INVALID',
    `${where()} cannot keep ${path}, which is ${fault}; keep only data: primitives, plain objects, arrays, ` +
      'Map, Set, Date, ArrayBuffer and typed arrays.',
  );
}

/** A copy that shares nothing with the value. */
export function cloneStateValue<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  return flatParts(value) > 0 ? { ...value } : structuredClone(value);
}

/** Number of parts of a plain object that holds only primitives; 0 for anything else. */
function flatParts(value: object): number {
  if (Object.getPrototypeOf(value) !== Object.prototype) return 0;
  let parts = 1;
  for (const name in value) {
    // A name met by for-in is a property of the object.
    const part = (value as Record<string, unknown>)[name];
    const type = typeof part;
    if ((type === 'object' && part !== null) || type === 'function' || type === 'symbol') return 0;
    parts++;
  }
  return parts;
}

/** Says what is wrong with a value; undefined if nothing is. */
function faultOf(value: unknown, walk: Walk): string | undefined {
  walk.nodes++;
  switch (typeof value) {
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    case 'object':
      return value === null ? undefined : faultOfObject(value, walk);
    default:
      return undefined;
  }
}

function faultOfObject(value: object, walk: Walk): string | undefined {
  if (LEAF_PROTOTYPES.has(Object.getPrototypeOf(value))) return undefined;
  if (walk.ancestors.includes(value)) return 'a reference to an object that holds it (a cycle)';
  if (walk.ancestors.length >= LIMITS.stateValueDepthMax) {
    return `nested deeper than ${LIMITS.stateValueDepthMax} levels`;
  }
  if (walk.nodes > MEMO_THRESHOLD) {
    walk.seen ??= new Set();
    if (walk.seen.has(value)) return undefined;
    walk.seen.add(value);
  }
  walk.ancestors.push(value);
  const fault = faultOfParts(value, walk);
  walk.ancestors.pop();
  return fault;
}

function faultOfParts(value: object, walk: Walk): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return faultOfProperties(value, walk);
  if (prototype === Array.prototype && Array.isArray(value)) return faultOfItems(value, walk);
  if (prototype === Set.prototype && value instanceof Set) return faultOfItems([...value], walk);
  if (prototype === Map.prototype && value instanceof Map) return faultOfEntries(value, walk);
  return `an instance of ${value.constructor?.name || 'a class'}`;
}

function faultOfProperties(value: object, walk: Walk): string | undefined {
  for (const name of Object.keys(value)) {
    // Object.keys names properties of the object.
    const fault = faultOf((value as Record<string, unknown>)[name], walk);
    if (fault === undefined) continue;
    walk.path.push(
      /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`,
    );
    return fault;
  }
  const [symbol] = Object.getOwnPropertySymbols(value);
  if (symbol === undefined) return undefined;
  walk.path.push(`[${String(symbol)}]`);
  return 'a property named by a symbol';
}

function faultOfItems(items: readonly unknown[], walk: Walk): string | undefined {
  for (let i = 0; i < items.length; i++) {
    const fault = faultOf(items[i], walk);
    if (fault === undefined) continue;
    walk.path.push(`[${i}]`);
    return fault;
  }
  return undefined;
}

function faultOfEntries(entries: ReadonlyMap<unknown, unknown>, walk: Walk): string | undefined {
  let index = 0;
  for (const [key, value] of entries) {
    const keyFault = faultOf(key, walk);
    const fault = keyFault ?? faultOf(value, walk);
    if (fault !== undefined) {
      walk.path.push(keyFault === undefined ? `.get(${nameOf(key)})` : `.keys()[${index}]`);
      return fault;
    }
    index++;
  }
  return undefined;
}

function nameOf(key: unknown): string {
  if (typeof key === 'string') return JSON.stringify(key);
  return typeof key === 'object' && key !== null ? '…' : String(key);
}
