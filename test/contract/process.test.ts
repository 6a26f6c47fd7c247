/** What a process of this machine gives to a job: its clock, its randomness, its counters. */
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../lib/adapters/system/system-clock.ts';
import { systemRandom } from '../../lib/adapters/system/system-random.ts';
import { VersionClock } from '../../lib/runtime/invocation/version-clock.ts';
import { MetricRegistry } from '../../lib/runtime/metrics.ts';
import { describeClock } from './clock-contract.ts';
import { describeMetrics } from './metrics-contract.ts';
import { describeRandom } from './random-contract.ts';

const pass = async (ms: number) => void (await delay(ms));

describeClock('system', async () => ({
  subject: { clock: systemClock, pass },
  close: async () => {},
}));
describeClock(
  'version',
  async () => ({ subject: { clock: new VersionClock(systemClock), pass }, close: async () => {} }),
  { skip: [{ id: 'CLK-01', reason: 'it stands still within a version' }] },
);
describeRandom('system', async () => ({ subject: systemRandom, close: async () => {} }));
describeMetrics('registry', async () => {
  const registry = new MetricRegistry();
  const counted = async (scope: string, name: string) =>
    registry.values().find(([operator, counter]) => operator === scope && counter === name)?.[2] ?? 0;
  const gauged = async (scope: string, name: string) => registry.gaugeOf(scope, name);
  return { subject: { metrics: registry, counted, gauged }, close: async () => {} };
});
