/**
 * One run of the flights job: `flights.ts durable|plain` prints CPU seconds and peak memory as JSON. Its
 * input is what `npm start` prepares.
 */
import { rmSync } from 'node:fs';
import job from '../examples/01-airport-delays/job.ts';

const STATE = 'out/bench-state';

rmSync(STATE, { recursive: true, force: true });
const { metrics } = await job.execute({
  overwrite: true,
  ...(process.argv[2] === 'durable' ? { stateDir: STATE } : {}),
});
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
console.log(
  JSON.stringify({
    answer: metrics.numRecordsOut,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    peakMb: maxRSS / 1024,
  }),
);
