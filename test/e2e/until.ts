/** Waiting, for what comes in its own time. */
import { setTimeout as sleep } from 'node:timers/promises';

interface Wait<T> {
  /** What is waited for, as the error names it. */
  readonly what: string;
  readonly msMax: number;
  /** @default 100 */
  readonly pauseMs?: number;
  /** Looks once; undefined as long as it is not there. */
  look(): Promise<T | undefined> | T | undefined;
}

/** Looks until there is something. Throws if that takes longer than `msMax`. */
export async function until<T>({ what, msMax, pauseMs = 100, look }: Wait<T>): Promise<T> {
  const end = performance.now() + msMax;
  while (performance.now() < end) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(pauseMs);
  }
  throw new Error(`Not after ${msMax / 1000} s: ${what}.`);
}
