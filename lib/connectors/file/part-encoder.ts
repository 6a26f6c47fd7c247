/** Turns the records of one part file into bytes. */
export interface PartEncoder<T> {
  /**
   * Takes a record and answers about how many bytes it adds. Throws RecordError RECORD_INVALID and keeps
   * nothing.
   */
  add(value: T): number;
  /** Enough has been taken to be worth writing; a Parquet row group, for example, is complete. */
  isFull(): boolean;
  /**
   * Hands out what has been taken as text or bytes, to be used before the next call; `last` ends the part.
   */
  take(last: boolean): string | Uint8Array;
}

/** A format of part files. */
export interface PartFormat<T> {
  /** Also the extension of the files. */
  readonly kind: 'ndjson' | 'csv' | 'parquet';
  /** Bytes that all open parts of a writer may hold before they are written. */
  readonly bufferBytesMax: number;
  /** What was taken can be written at any time; not so where small pieces make bad files. */
  readonly writesAnyTime: boolean;
  createEncoder(): PartEncoder<T>;
}
