/**
 * The header that every stored or sent object has: `MR`, a letter for its kind, the format version, flags and
 * a checksum of everything else; behind it the body. docs/formats.md has the layout.
 */
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { UserError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { corruption, guardCorruption } from './corruption.ts';

export type EnvelopeKind = 'entry' | 'frame' | 'chunk' | 'manifest' | 'segment' | 'inbox';

const LETTERS: Readonly<Record<EnvelopeKind, number>> = {
  entry: 0x45,
  frame: 0x46,
  chunk: 0x43,
  manifest: 0x42,
  segment: 0x53,
  inbox: 0x49,
};
const MAGIC = 0x4d52;
const FORMAT_VERSION = 0;
const FLAG_ZSTD = 1;
/** Magic, kind, version, flags. */
const PREFIX_BYTES = 5;
const HEADER_BYTES = PREFIX_BYTES + 4;
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

export function seal(kind: EnvelopeKind, write: (body: ByteWriter) => void): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  write(writer);
  const raw = writer.peek();
  const compressed = raw.length < LIMITS.compressedBytesMin ? undefined : zstdCompressSync(raw, ZSTD);
  const smaller = compressed !== undefined && compressed.length < raw.length;
  const body = smaller ? compressed : raw;
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, MAGIC);
  view.setUint8(2, LETTERS[kind]);
  view.setUint8(3, FORMAT_VERSION);
  view.setUint8(4, smaller ? FLAG_ZSTD : 0);
  bytes.set(body, HEADER_BYTES);
  view.setUint32(PREFIX_BYTES, checksum(bytes));
  return bytes;
}

/** Reads a whole object. Throws UserError STATE_CORRUPT or STATE_FORMAT_UNSUPPORTED. */
export function unseal<T>(
  kind: EnvelopeKind,
  bytes: Uint8Array,
  { where, read }: { readonly where: string; readonly read: (body: ByteReader) => T },
): T {
  const flags = checkHeader(kind, bytes, where);
  return guardCorruption(where, () => {
    const stored = bytes.subarray(HEADER_BYTES);
    const body =
      (flags & FLAG_ZSTD) === 0
        ? stored
        : zstdDecompressSync(stored, { maxOutputLength: LIMITS.decodedBytesMax });
    const reader = new ByteReader(body);
    const value = read(reader);
    if (reader.remaining > 0) throw new RangeError(`${reader.remaining} bytes are left over`);
    return value;
  });
}

/** Flags of the header. The version is looked at first: a newer format may have another checksum. */
function checkHeader(kind: EnvelopeKind, bytes: Uint8Array, where: string): number {
  if (bytes.length < HEADER_BYTES) throw corruption(where, `it has only ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(0) !== MAGIC || view.getUint8(2) !== LETTERS[kind]) {
    throw corruption(where, `it does not start like a ${kind} of Millrace`);
  }
  const version = view.getUint8(3);
  const flags = view.getUint8(4);
  if (version > FORMAT_VERSION || flags > FLAG_ZSTD) {
    throw new UserError(
      'STATE_FORMAT_UNSUPPORTED',
      `${where} has format version ${version} with flags ${flags}, but this release of Millrace reads ` +
        `version ${FORMAT_VERSION}; run the release that wrote it, or a newer one.`,
    );
  }
  if (view.getUint32(PREFIX_BYTES) !== checksum(bytes)) throw corruption(where, 'its checksum is wrong');
  return flags;
}

function checksum(bytes: Uint8Array): number {
  return crc32(bytes.subarray(HEADER_BYTES), crc32(bytes.subarray(0, PREFIX_BYTES)));
}
