/** What every Clock keeps. */
import { expect } from 'vitest';
import type { Clock } from '../../lib/ports/clock.ts';
import { type ContractCase, type ContractOptions, describeContract, type Open } from './contract-cases.ts';

/** A clock with a way to let its time pass. */
export interface RunningClock {
  readonly clock: Clock;
  /** Lets `ms` pass and everything run that becomes due; a real clock waits. */
  pass(ms: number): Promise<void>;
}

/** True once `wait` has resolved. */
function watch(wait: Promise<void>): { readonly isOver: () => boolean } {
  let over = false;
  void wait.then(() => {
    over = true;
  });
  return { isOver: () => over };
}

const cases: readonly ContractCase<RunningClock>[] = [
  {
    id: 'CLK-01',
    says: 'time passes and does not go back by itself',
    run: async ({ clock, pass }) => {
      const start = clock.now();
      await pass(20);
      // Timers of a machine may end a little early as its clock counts.
      expect(clock.now() - start).toBeGreaterThanOrEqual(18);
    },
  },
  {
    id: 'CLK-02',
    says: 'a wait ends when its time has come and not before',
    run: async ({ clock, pass }) => {
      const wait = watch(clock.sleep(200));
      await pass(20);
      expect(wait.isOver()).toBe(false);
      await pass(230);
      expect(wait.isOver()).toBe(true);
    },
  },
  {
    id: 'CLK-03',
    says: 'a wait that is aborted ends early and does not reject',
    run: async ({ clock, pass }) => {
      const abort = new AbortController();
      const wait = watch(clock.sleep(60_000, abort.signal));
      abort.abort();
      await pass(20);
      expect(wait.isOver()).toBe(true);
    },
  },
  {
    id: 'CLK-04',
    says: 'a wait whose signal is aborted already ends at once',
    run: async ({ clock, pass }) => {
      const wait = watch(clock.sleep(60_000, AbortSignal.abort()));
      await pass(20);
      expect(wait.isOver()).toBe(true);
    },
  },
];

/** The contract of Clock. */
export function describeClock(name: string, open: Open<RunningClock>, options: ContractOptions = {}): void {
  describeContract(`${name}: Clock`, cases, { ...options, open });
}
