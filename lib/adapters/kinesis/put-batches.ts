/** Records that one PutRecords request may hold, and their bytes with those of their partition keys. */
export const PUT_RECORDS_MAX = 500;
export const PUT_BYTES_MAX = 5 * 1024 * 1024;
/** Bytes of one record with its partition key. */
export const RECORD_BYTES_MAX = 1024 * 1024;

/** Cuts a list in order, each batch as large as a request may be; an item that is too large stands alone. */
export function batchesOf<T>(items: readonly T[], bytesOf: (item: T) => number): readonly (readonly T[])[] {
  const batches: T[][] = [];
  let batch: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = bytesOf(item);
    if (batch.length > 0 && (batch.length === PUT_RECORDS_MAX || bytes + size > PUT_BYTES_MAX)) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += size;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
