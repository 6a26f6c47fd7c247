/** Bills as they are worked out by hand. */
import { describe, expect, it } from 'vitest';
import airportDelays from '../../../examples/01-airport-delays/job.ts';
import { CollectSink } from '../../../lib/api/collect-sink.ts';
import { defineJob } from '../../../lib/api/define-job.ts';
import { type Estimate, estimateJob } from '../../../lib/cost/estimate.ts';
import { US_EAST_1 } from '../../../lib/cost/price-table.ts';
import type { Workload } from '../../../lib/cost/workload.ts';
import { createJobGraph } from '../../../lib/graph/job-graph.ts';

const WORKLOAD: Workload = { rate: 1000, bytes: 150, idle: 0, batchWindow: 1, memoryGb: 1 };

/** A source of one subtask, and windows of two. */
function flights(workload: Partial<Workload> = {}): Estimate {
  const graph = createJobGraph(airportDelays.createGraph({ parallelism: 2 }));
  return estimateJob(graph, { ...WORKLOAD, ...workload }, US_EAST_1);
}

function costs({ items }: Estimate): Readonly<Record<string, number>> {
  return Object.fromEntries(
    items.map(({ service, what, cost }) => [`${service} ${what}`, Math.round(cost * 1000) / 1000]),
  );
}

describe('the bill of a job', () => {
  it('is that of the sums on paper: 1,000 records of 150 bytes a second', () => {
    // A month has 730 x 3600 = 2.628 M seconds; each of 3 subtasks has one batch a second.
    expect(costs(flights())).toEqual({
      // 2 x 730 x 0.015
      'Kinesis internal shards': 21.9,
      // 60 KB of frames a batch, 30 KB to each of 2 targets: 2 x 2 units x 2.628 M x 0.014
      'Kinesis frames, in units of 25 KB': 0.147,
      // 3 x 2.628 M x 0.2
      'Lambda invocations': 1.577,
      // (3 x 40 ms + 2 x 1000 x 20 us) x 2.628 M = 0.42048 M GB-seconds x 13.3334
      'Lambda GB-seconds': 5.606,
      // Source: 2 units for an item that names an object; windows: 8 each for 8 KB. 18 x 2.628 M x 0.625
      'DynamoDB write units of commits': 29.565,
      // 2.628 M x 5
      'S3 payloads over 12 KB': 13.14,
      // (60,000 + 300) B x 172,800 s = 10.42 GB x 0.023
      'S3 objects until they are collected': 0.24,
      // 7.884 M x 1 KB = 7.884 GB x 0.5
      'CloudWatch logs': 3.942,
      // 43,800 x (1 + 0.2 + 0.05 x 13.3334 + 6 x 0.125) / M
      'Sweeps one a minute': 0.115,
      // 4,380 x 8 x 25 / M
      'Step Functions transitions of checkpoints': 0.876,
      // 10 names x 0.3
      'CloudWatch metrics': 3,
      // (2 + 4) x 0.1
      'CloudWatch alarms': 0.6,
    });
    const estimate = flights();
    expect(estimate.total).toBeCloseTo(80.71, 2);
    // 80.71 / (1000 x 2.628 M / 1 M)
    expect(estimate.perMillionRecords).toBeCloseTo(0.0307, 4);
    // 2 x 0.11 x 730 + 50 x 0.1
    expect(estimate.managedFlinkFloor).toBeCloseTo(165.6, 5);
    // 730 x 0.015 + 1000 x 2.628 M x 0.014 / M
    expect(estimate.inputStream.cost).toBeCloseTo(47.742, 3);
  });

  it('without data is shards, sweeps, checkpoints that are skipped, and alarms', () => {
    const idle = flights({ idle: 1 });
    // 21.9 + 0.115 + 4,380 x 3 x 25 / M + 0.6
    expect(idle.total).toBeCloseTo(22.943, 3);
    expect(idle.idleTotal).toBe(idle.total);
    expect(idle.perMillionRecords).toBeNull();
    expect(flights().idleTotal).toBeCloseTo(idle.total, 10);
  });

  it('of a job that is idle nine tenths of the time has a tenth of what batches cost', () => {
    const [busy, mostlyIdle] = [costs(flights()), costs(flights({ idle: 0.9 }))];
    for (const name of ['Lambda invocations', 'S3 payloads over 12 KB', 'CloudWatch logs']) {
      expect(mostlyIdle[name]).toBeCloseTo((busy[name] ?? 0) / 10, 2);
    }
    // 4,380 x (0.9 x 3 + 0.1 x 8) x 25 / M
    expect(mostlyIdle['Step Functions transitions of checkpoints']).toBeCloseTo(0.383, 3);
  });

  it('has no more batches than records, and commits in the item while they are small', () => {
    // One record in ten seconds: 3 subtasks of 0.1, but each half of the records: 0.1 + 2 x 0.05 a second.
    const rare = costs(flights({ rate: 0.1 }));
    // 0.2 x 2.628 M x 0.2 / M
    expect(rare['Lambda invocations']).toBeCloseTo(0.105, 3);
    expect(rare['S3 payloads over 12 KB']).toBe(0);
    // One unit each.
    expect(rare['DynamoDB write units of commits']).toBeCloseTo(0.2 * 2.628 * 0.625, 2);
  });

  it('halves the number of batches where the window is twice as long', () => {
    const [one, two] = [costs(flights({ rate: 100 })), costs(flights({ rate: 100, batchWindow: 2 }))];
    expect(two['Lambda invocations']).toBeCloseTo((one['Lambda invocations'] ?? 0) / 2, 3);
  });

  it('takes the records of all sources together, and a batch holds 1000 of a source', () => {
    const job = defineJob('two', (env) => {
      const [a, b] = [env.fromData([1]).uid('a'), env.fromData([2]).uid('b')];
      a.union(b)
        .rebalance()
        .map((n) => n + 1)
        .sinkTo(new CollectSink<number>())
        .uid('out');
    });
    const graph = createJobGraph(job.createGraph());
    const { items } = estimateJob(graph, { ...WORKLOAD, rate: 8000 }, US_EAST_1);
    const batches = items.find(({ what }) => what === 'invocations')?.quantity ?? 0;
    // Each source 4000 a second: 4 batches; behind them one a second.
    expect(batches / 2_628_000).toBeCloseTo(9, 5);
  });

  it('warns where commits dominate, and where a source has too few subtasks', () => {
    expect(flights().warnings).toContainEqual(expect.stringMatching(/Commits are 53 % of the bill/));
    expect(flights({ rate: 5000 }).warnings).toContainEqual(
      expect.stringMatching(/'flights' reads 5000 records a second with parallelism 1/),
    );
    expect(flights({ rate: 1 }).warnings).toEqual([]);
  });
});
