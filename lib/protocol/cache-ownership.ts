/**
 * What one invocation may leave to the next in the same process (I9).
 *
 * 1. A cached subtask has one owner: it is taken out on entry and put back at most once.
 * 2. Only what equals the fold of the log is put back.
 * 3. An invocation that a newer one has followed was frozen meanwhile: it touches nothing any more.
 */

/** State of a subtask at the end of an invocation. */
export interface CacheCandidate {
  /** Version that the state equals, but for what is uncommitted. */
  readonly version: number;
  /** User code has run whose changes are not in the log. */
  readonly uncommitted: boolean;
  readonly sealed: boolean;
}

export function mayReturnToCache({ uncommitted, sealed }: CacheCandidate): boolean {
  return !uncommitted && !sealed;
}

/** `mine` and `latest` number the invocations of one subtask in this process. */
export function mayTouchOutside(mine: number, latest: number): boolean {
  return mine === latest;
}
