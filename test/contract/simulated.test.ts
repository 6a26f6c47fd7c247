/** What a simulated process gives to a job, as long as nothing goes wrong. */
import { SimulatedProcess } from '../../lib/testing/simulator/process.ts';
import { Scheduler } from '../../lib/testing/simulator/scheduler.ts';
import { SeededRandom } from '../../lib/testing/simulator/seeded-random.ts';
import { Trace } from '../../lib/testing/simulator/trace.ts';
import { describeClock, type RunningClock } from './clock-contract.ts';
import { describeRandom } from './random-contract.ts';

const START_MS = 1_700_000_000_000;
const NO_FAULTS = {
  ...{ lost: 0, appliedButFailed: 0, appliedLate: 0, repeated: 0, slow: 0, crash: 0, stall: 0 },
};

function simulatedClock(skewMs: number): RunningClock {
  const scheduler = new Scheduler(new SeededRandom(1), new Trace(0, START_MS), START_MS);
  const { clock } = new SimulatedProcess({ name: 'process', scheduler, faults: () => NO_FAULTS, skewMs });
  const pass = async (ms: number) => {
    let over = false;
    scheduler.after(ms, () => {
      over = true;
    });
    await scheduler.run(1000, () => over);
  };
  return { clock, pass };
}

describeClock('simulated', async () => ({ subject: simulatedClock(0), close: async () => {} }));
describeClock('simulated, behind', async () => ({ subject: simulatedClock(-5000), close: async () => {} }));
for (const seed of [0, 1, 2 ** 40 + 7]) {
  describeRandom(`seeded with ${seed}`, async () => ({
    subject: new SeededRandom(seed),
    close: async () => {},
  }));
}
describeRandom('a fork', async () => ({ subject: new SeededRandom(3).fork(), close: async () => {} }));
