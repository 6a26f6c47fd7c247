/** Order of names in stores: that of their UTF-8 bytes, as object stores and databases have it. */
export function compareNames(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
