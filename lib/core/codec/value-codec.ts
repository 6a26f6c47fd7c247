/** One value as self-contained bytes, without a header: for those who keep it inside something of theirs. */
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { guardCorruption } from './corruption.ts';
import { ValueReader } from './value-reader.ts';
import { ValueWriter } from './value-writer.ts';

/** Throws UserError STATE_VALUE_INVALID for anything that is not data. */
export function encodeValue(value: unknown): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter(64);
  new ValueWriter(out, () => 'A value').write(value);
  return out.toBytes();
}

/** Throws UserError STATE_CORRUPT. */
export function decodeValue(bytes: Uint8Array): unknown {
  return guardCorruption('A value', () => {
    const input = new ByteReader(bytes);
    const value = new ValueReader(input).read();
    if (input.remaining > 0) throw new RangeError(`${input.remaining} bytes behind the value`);
    return value;
  });
}
