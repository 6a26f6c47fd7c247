/** Time of the machine that runs a subtask. Unit: ms since the epoch. */
export interface Clock {
  now(): number;
  /** Resolves after `ms` or when `signal` aborts, whichever is first; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
