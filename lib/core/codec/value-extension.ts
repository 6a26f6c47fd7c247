/** Extension types of MessagePack by which values are kept that the format itself does not know. */

export const EXTENSION = {
  undefined: 0,
  bigint: 1,
  date: 2,
  utf16: 3,
  map: 4,
  set: 5,
  nullPrototype: 6,
  sparseArray: 7,
  arrayBuffer: 16,
  dataView: 17,
  int8: 18,
  uint8Clamped: 19,
  int16: 20,
  uint16: 21,
  int32: 22,
  uint32: 23,
  float32: 24,
  float64: 25,
  bigInt64: 26,
  bigUint64: 27,
} as const;

/** Property names of one message that get a number; names after these are written out each time. */
export const NAMES_MAX = 4096;

/** A view of bytes, made over a whole buffer. */
type ViewType = new (buffer: ArrayBuffer) => ArrayBufferView;

const VIEWS: readonly (readonly [number, ViewType])[] = [
  [EXTENSION.dataView, DataView],
  [EXTENSION.int8, Int8Array],
  [EXTENSION.uint8Clamped, Uint8ClampedArray],
  [EXTENSION.int16, Int16Array],
  [EXTENSION.uint16, Uint16Array],
  [EXTENSION.int32, Int32Array],
  [EXTENSION.uint32, Uint32Array],
  [EXTENSION.float32, Float32Array],
  [EXTENSION.float64, Float64Array],
  [EXTENSION.bigInt64, BigInt64Array],
  [EXTENSION.bigUint64, BigUint64Array],
];

export const VIEW_BY_EXTENSION: ReadonlyMap<number, ViewType> = new Map(VIEWS);

export const EXTENSION_BY_PROTOTYPE: ReadonlyMap<unknown, number> = new Map(
  VIEWS.map(([extension, type]) => [type.prototype, extension]),
);
