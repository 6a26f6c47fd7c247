/**
 * The bytes 1, 2, 3 as callers have them: on their own, within more bytes, and as a Buffer, of which `slice`
 * copies nothing.
 */
export function bytesOfCallers(): readonly Uint8Array[] {
  return [Uint8Array.of(1, 2, 3), Uint8Array.of(0, 1, 2, 3, 4).subarray(1, 4), Buffer.from([1, 2, 3])];
}
