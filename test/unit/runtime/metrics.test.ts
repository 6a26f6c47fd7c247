import { expect, it } from 'vitest';
import { MetricRegistry } from '../../../lib/runtime/metrics.ts';

it('gauges are taken once, as they were set last in each scope', () => {
  const metrics = new MetricRegistry();
  expect(metrics.takeGauges('watermarkLag')).toEqual([]);
  metrics.gauge('count/0', 'watermarkLag', 7);
  metrics.gauge('count/1', 'watermarkLag', 5);
  metrics.gauge('count/0', 'watermarkLag', 0);
  metrics.gauge('count/0', 'other', 1);
  expect(metrics.takeGauges('watermarkLag')).toEqual([0, 5]);
  expect(metrics.takeGauges('watermarkLag')).toEqual([]);
  expect(metrics.gaugeOf('count/0', 'watermarkLag')).toBe(0);
});
