/** What every Metrics keeps. */
import { expect } from 'vitest';
import type { Metrics } from '../../lib/ports/metrics.ts';
import { type ContractCase, type ContractOptions, describeContract, type Open } from './contract-cases.ts';

/** Metrics with what arrives where they go; the port has no read side. */
export interface ReadableMetrics {
  readonly metrics: Metrics;
  /** Zero for a counter that nobody has added to. */
  counted(scope: string, name: string): Promise<number>;
  /** Undefined for a gauge that nobody has set. */
  gauged(scope: string, name: string): Promise<number | undefined>;
}

const cases: readonly ContractCase<ReadableMetrics>[] = [
  {
    id: 'MET-01',
    says: 'what is added to a counter adds up',
    run: async ({ metrics, counted }) => {
      expect(await counted('count/0', 'numRecordsIn')).toBe(0);
      for (const by of [1, 0, 41, 1000]) metrics.count('count/0', 'numRecordsIn', by);
      expect(await counted('count/0', 'numRecordsIn')).toBe(1042);
    },
  },
  {
    id: 'MET-02',
    says: 'a gauge is what it was set to last',
    run: async ({ metrics, gauged }) => {
      expect(await gauged('count/0', 'currentWatermark')).toBeUndefined();
      for (const value of [5, -7.5, 0]) metrics.gauge('count/0', 'currentWatermark', value);
      expect(await gauged('count/0', 'currentWatermark')).toBe(0);
    },
  },
  {
    id: 'MET-03',
    says: 'scopes and names are kept apart, whatever characters they have',
    run: async ({ metrics, counted, gauged }) => {
      const places = [
        ['count', 'numRecordsIn'],
        ['count/0', 'numRecordsIn'],
        ['count', 'numRecordsOut'],
        ['count/0.a', 'b'],
        ['count/0', 'a.b'],
        ['constructor', '__proto__'],
        ['Größe 1', 'b'],
      ] as const;
      places.forEach(([scope, name], i) => {
        metrics.count(scope, name, i + 1);
        metrics.gauge(scope, name, -i);
      });
      for (const [i, [scope, name]] of places.entries()) {
        expect([await counted(scope, name), await gauged(scope, name)]).toEqual([i + 1, -i]);
      }
    },
  },
];

/** The contract of Metrics. */
export function describeMetrics(
  name: string,
  open: Open<ReadableMetrics>,
  options: ContractOptions = {},
): void {
  describeContract(`${name}: Metrics`, cases, { ...options, open });
}
