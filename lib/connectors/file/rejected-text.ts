import { LIMITS } from '../../core/limits.ts';

/**
 * The raw text of a dead letter: `text` itself, or its beginning if it is longer than a dead letter may be.
 */
export function rejectedText(text: string): string {
  const bytesMax = LIMITS.deadLetterRawBytesMax;
  if (text.length <= bytesMax && Buffer.byteLength(text) <= bytesMax) return text;
  // A character takes at least one byte, so that the first `bytesMax` characters hold the first `bytesMax`
  // bytes.
  return rejectedBytes(Buffer.from(text.slice(0, bytesMax)));
}

/** The same for bytes; what is not UTF-8 becomes replacement characters. */
export function rejectedBytes(bytes: Buffer): string {
  let end = bytes.length;
  if (end > LIMITS.deadLetterRawBytesMax) {
    end = LIMITS.deadLetterRawBytesMax;
    // Do not cut a character into halves: continuation bytes look like 10xxxxxx.
    for (let back = 0; back < 3 && ((bytes[end] ?? 0) & 0xc0) === 0x80; back++) end--;
  }
  return bytes.toString('utf8', 0, end);
}
