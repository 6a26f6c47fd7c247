/** What the functions of vertices report. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MetricLine } from '../../functions/middlewares/job-metrics.ts';
import { defineJob } from '../../lib/api/define-job.ts';
import { WatermarkStrategy } from '../../lib/api/watermark-strategy.ts';
import { FileSource } from '../../lib/connectors/file/file-source.ts';
import { METRIC_NAMES } from '../../lib/core/metric-names.ts';
import { KeptRows } from '../unit/runtime/invocation/pushed-words.ts';
import { DeployedFunctions } from './deployed-functions.ts';

interface Word {
  readonly word: string;
  readonly at: number;
}

const NOW = Date.UTC(2026, 0, 1);
const [FIRST_LAG_MS, SECOND_LAG_MS] = [90_000, 5_000];
/** Of an event, to the watermark: what is as old may follow. */
const SAME_MS = 1;

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: NOW }));
afterEach(() => void vi.useRealTimers());

function timedJob() {
  return defineJob('timed', (env) => {
    const strategy = WatermarkStrategy.forMonotonousTimestamps<Word>().withTimestampAssigner(({ at }) => at);
    env
      .fromSource(FileSource.ndjson<Word>('words.ndjson'), strategy, 'words')
      .keyBy(({ word }) => word)
      .map(({ word }) => word)
      .uid('mark')
      .sinkTo(new KeptRows());
  });
}

async function runningJob({ vertexMetrics = false } = {}) {
  const deployed = new DeployedFunctions({ job: timedJob(), source: 'words', parallelism: 1, shards: 1 });
  deployed.renew({ ...deployed.deployment, vertexMetrics });
  await deployed.start();
  for (const vertex of ['words', 'mark']) deployed.function(vertex).takeMetrics();
  return {
    /** What both vertices report of words that are as old as this. */
    read: async (...agesMs: readonly number[]) => {
      const lines = agesMs.map((age, i) => ({ word: `w${i}`, at: NOW - age }));
      await deployed.read('words', 0, lines);
      await deployed.forward('mark', 0);
      return ['words', 'mark'].map((vertex) => shown(deployed.function(vertex).takeMetrics()));
    },
  };
}

function shown(lines: readonly MetricLine[]) {
  return lines.map(({ values, ...dimensions }) => ({ ...dimensions, ...Object.fromEntries(values) }));
}

describe('the functions of vertices', () => {
  it('report how far the event time of what they read is behind the clock', async () => {
    const { read } = await runningJob();
    expect(await read(FIRST_LAG_MS)).toEqual([
      [{ job: 'timed', numRecordsIn: 1, watermarkLag: FIRST_LAG_MS + SAME_MS }],
      [{ job: 'timed', numRecordsOut: 1, watermarkLag: FIRST_LAG_MS + SAME_MS }],
    ]);
    const [words, mark] = await read(SECOND_LAG_MS, SECOND_LAG_MS);
    const watermarkLag = SECOND_LAG_MS + SAME_MS;
    expect([words, mark]).toMatchObject([[{ watermarkLag }], [{ watermarkLag }]]);
  });

  it('report no lag for records from the future, and nothing where nothing happens', async () => {
    const { read } = await runningJob({ vertexMetrics: true });
    const future = await read(-FIRST_LAG_MS);
    expect(future.flat().map((line) => 'watermarkLag' in line && line.watermarkLag)).toEqual([0, 0, 0, 0]);
    expect(await read()).toEqual([
      [{ job: 'timed' }, { job: 'timed', vertex: 'words' }],
      [{ job: 'timed' }, { job: 'timed', vertex: 'mark' }],
    ]);
  });

  it('report, where asked to, what passes through each vertex too', async () => {
    const { read } = await runningJob({ vertexMetrics: true });
    const watermarkLag = SECOND_LAG_MS + SAME_MS;
    expect(await read(FIRST_LAG_MS, SECOND_LAG_MS)).toEqual([
      [
        { job: 'timed', numRecordsIn: 2, watermarkLag },
        { job: 'timed', vertex: 'words', numRecordsIn: 2, numRecordsOut: 2, watermarkLag },
      ],
      [
        { job: 'timed', numRecordsOut: 2, watermarkLag },
        { job: 'timed', vertex: 'mark', numRecordsIn: 2, numRecordsOut: 2, watermarkLag },
      ],
    ]);
  });
});

it('a job has at most as many metrics as its costs are stated for', () => {
  expect(METRIC_NAMES.length).toBeLessThanOrEqual(12);
});
