import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../ports/clock.ts';

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, { ...(signal === undefined ? {} : { signal }) });
    } catch (error) {
      // An aborted wait is over like any other.
      if (!signal?.aborted) throw error;
    }
  },
};
