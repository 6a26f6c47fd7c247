/**
 * Kills a job again and again until it has come to its end nevertheless, and compares what it has written
 * with what a run writes that nobody kills.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CrashJob } from './crash-job.ts';
import { leftovers, outputRows } from './job-output.ts';
import { type Moment, runAndKill } from './killed-run.ts';
import { seededRandom } from './seeded-random.ts';

/** After so many runs that ended before they were to be killed the job is too fast for this machine. */
const MISSES_MAX = 20;

export interface CampaignOptions {
  readonly kills: number;
  readonly seed: number;
  /** Takes one line about each run. */
  readonly report: (line: string) => void;
}

export interface CampaignResult {
  readonly kills: number;
  /** Histories, each from an empty folder to the end of the job. */
  readonly histories: number;
  readonly rows: number;
  /** What was wrong, in sentences. */
  readonly problems: readonly string[];
}

/** Kills `job` so many times. */
export async function runCampaign(job: CrashJob, options: CampaignOptions): Promise<CampaignResult> {
  const random = seededRandom(options.seed);
  const expected = await rowsOfQuietRun(job);
  const problems: string[] = [];
  let kills = 0;
  let histories = 0;
  let misses = 0;
  while (kills < options.kills && misses < MISSES_MAX) {
    histories += 1;
    await inFolder(job, async (folder) => {
      for (;;) {
        const moment = kills < options.kills ? momentOf(random, job) : undefined;
        const { end, durationMs } = await runAndKill({ job, folder }, moment);
        if (end === 'finished') {
          if (moment !== undefined) misses += 1;
          options.report(`${job.name}: history ${histories} finished after ${durationMs} ms`);
          break;
        }
        kills += 1;
        options.report(`${job.name}: kill ${kills} after ${durationMs} ms (${describe(moment)})`);
      }
      for (const problem of await problemsOf(folder, expected)) {
        problems.push(`${job.name}, seed ${options.seed}, history ${histories}: ${problem}`);
      }
    });
  }
  if (kills < options.kills) problems.push(`${job.name} was killed ${kills} times only: it ends too soon.`);
  return { kills, histories, rows: expected.length, problems };
}

async function rowsOfQuietRun(job: CrashJob): Promise<readonly string[]> {
  let rows: readonly string[] = [];
  await inFolder(job, async (folder) => {
    await runAndKill({ job, folder }, undefined);
    rows = await outputRows(join(folder, 'out'));
  });
  return rows;
}

async function inFolder(job: CrashJob, work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), `millrace-crash-${job.name}-`));
  try {
    await job.prepare(folder);
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function momentOf(random: () => number, { durationMs }: CrashJob): Moment {
  const kind = random();
  if (kind < 0.5) return { kind: 'delay', ms: Math.round(durationMs * random()) };
  const count = 1 + Math.floor(random() ** 2 * 30);
  if (kind < 0.7) return { kind: 'published', count };
  return kind < 0.8 ? { kind: 'begun', count } : { kind: 'logged', count };
}

function describe(moment: Moment | undefined): string {
  if (moment === undefined) return 'by somebody else';
  return moment.kind === 'delay' ? `at ${moment.ms} ms` : `${moment.kind} ${moment.count}`;
}

async function problemsOf(folder: string, expected: readonly string[]): Promise<readonly string[]> {
  const problems = leftovers(join(folder, 'out')).map((path) => `${path} was left behind.`);
  const rows = await outputRows(join(folder, 'out'));
  const missing = difference(expected, rows);
  const extra = difference(rows, expected);
  if (missing.length > 0) problems.push(`${missing.length} rows are missing, first ${missing[0]}`);
  if (extra.length > 0) problems.push(`${extra.length} rows too many, first ${extra[0]}`);
  return problems;
}

/** Rows of `a` that are not in `b`, each as often as it is too many; both are sorted. */
function difference(a: readonly string[], b: readonly string[]): readonly string[] {
  const rest: string[] = [];
  let at = 0;
  for (const row of a) {
    while (at < b.length && b[at]! < row) at += 1;
    if (b[at] === row) at += 1;
    else rest.push(row);
  }
  return rest;
}
