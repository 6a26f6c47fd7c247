import { describe, expect, it } from 'vitest';
import { runCampaign } from './crash-campaign.ts';
import { crashJobs } from './crash-job.ts';

const KILLS = 5;

describe('a durable job that is killed again and again', () => {
  for (const job of crashJobs(false)) {
    it(`writes every row exactly once: ${job.name}`, async () => {
      const lines: string[] = [];
      const result = await runCampaign(job, { kills: KILLS, seed: 1, report: (line) => lines.push(line) });
      expect(result.problems, lines.join('\n')).toEqual([]);
      expect(result.kills).toBe(KILLS);
      expect(result.rows).toBeGreaterThan(1000);
    });
  }
});
