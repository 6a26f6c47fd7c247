/**
 * The place of one savepoint: objects by names that are relative to it, with `/` between folders.
 *
 * Throws RetryableError IO_FAILED when an outcome is unknown.
 */
export interface SavepointStore {
  /** True if there is nothing, or no such place yet. */
  isEmpty(): Promise<boolean>;
  /** False if the name exists; what it holds stays. */
  put(name: string, bytes: Uint8Array): Promise<boolean>;
  get(name: string): Promise<Uint8Array | undefined>;
}
