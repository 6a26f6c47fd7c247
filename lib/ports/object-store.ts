/**
 * Immutable objects by name. Names use `/` as separator; no name is written twice.
 *
 * Throws RetryableError IO_FAILED when an outcome is unknown.
 */
export interface ObjectStore {
  /** False if the name exists; what it holds stays. */
  put(name: string, bytes: Uint8Array): Promise<boolean>;
  get(name: string): Promise<Uint8Array | undefined>;
  /** Objects whose names begin with `prefix`, in order of their names, page by page. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /** Removing what is not there does no harm. */
  delete(names: readonly string[]): Promise<void>;
}

export interface StoredObject {
  readonly name: string;
  readonly bytes: number;
  /** Unit: ms since the epoch. */
  readonly storedAt: number;
}
