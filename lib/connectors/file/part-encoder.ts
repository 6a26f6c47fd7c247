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
  /** Of a format that is not written any time. */
  readonly buffer?: RowBuffer;
}

/** The rows that wait for more, as data: the state of a sink holds them instead of a file. */
export interface RowBuffer {
  /** Rows taken but not handed out. */
  readonly rows: number;
  /** Waiting rows, both from the first one on counted from 0, `to` exclusive. */
  slice(from: number, to: number): unknown;
  /** Takes what `slice` of such a buffer gave; answers about how many bytes that adds. */
  append(rows: unknown): number;
  /** What another encoder needs, beside rows, to go on behind the bytes handed out so far. */
  progress(): unknown;
}

/** A format of part files. */
export interface PartFormat<T> {
  /** Also the extension of the files. */
  readonly kind: 'ndjson' | 'csv' | 'parquet';
  /** Bytes that all open parts of a writer may hold before they are written. */
  readonly bufferBytesMax: number;
  /** What was taken can be written at any time; not so where small pieces make bad files. */
  readonly writesAnyTime: boolean;
  /** What all rows of one file have in common, for example the columns. */
  readonly layout: string;
  /** `begun`: the part has bytes already, and this was the progress of the encoder that made them. */
  createEncoder(begun?: { readonly progress: unknown }): PartEncoder<T>;
}
