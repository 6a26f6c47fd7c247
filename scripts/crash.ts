/**
 * `npm run crash -- --kills 100 [--seed 7] [--full]`: kills durable jobs with SIGKILL at random moments until
 * they finish nevertheless; exit code 1 if one of them lost or repeated a row or left a hidden file.
 */
import { parseArgs } from 'node:util';
import { runCampaign } from '../test/crash/crash-campaign.ts';
import { crashJobs } from '../test/crash/crash-job.ts';

const { values } = parseArgs({
  options: { kills: { type: 'string' }, seed: { type: 'string' }, full: { type: 'boolean' } },
});
const kills = wholeNumber(values.kills ?? '20', '--kills');
const seed = wholeNumber(values.seed ?? `${Date.now() % 1_000_000}`, '--seed');
const jobs = crashJobs(values.full ?? false);
const startedAt = performance.now();
const problems: string[] = [];
let killed = 0;

console.log(`${kills} kills, seed ${seed}`);
for (const [index, job] of jobs.entries()) {
  // Together as many as were asked for.
  const share = Math.floor(kills / jobs.length) + (index < kills % jobs.length ? 1 : 0);
  if (share === 0) continue;
  const result = await runCampaign(job, { kills: share, seed: seed + index, report: console.log });
  killed += result.kills;
  problems.push(...result.problems);
  console.log(
    `${job.name}: ${result.kills} kills, ${result.histories} histories of ${result.rows} rows each`,
  );
}
for (const problem of problems) console.error(problem);
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
console.log(`${killed} kills in ${seconds} s, ${problems.length} problems, seed ${seed}`);
process.exitCode = problems.length > 0 ? 1 : 0;

function wholeNumber(text: string, option: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error(`${option} ${text}: give a whole number.`);
}
