/**
 * What a million keys of durable state cost: `keyed-state.ts fill|recover|commit FOLDER`
 * prints one JSON line.
 *
 * `fill` runs the job over every key once and stops; `recover` goes on from there up to the first record;
 * `commit` goes on with commits of 10,000 changed keys each, until bases have replaced the log twice.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../lib/adapters/system/system-clock.ts';
import { layoutOf } from '../lib/graph/state-layout.ts';
import { structureOf } from '../lib/graph/structure.ts';
import { CommitCycle } from '../lib/local/commit-cycle.ts';
import { DeadLetterFile } from '../lib/local/dead-letter-file.ts';
import { JobTasks } from '../lib/local/job-tasks.ts';
import { StateDirectory } from '../lib/local/state-directory.ts';
import { encodeBase } from '../lib/local/subtask-state.ts';
import { MetricRegistry } from '../lib/runtime/metrics.ts';
import accounts, { ACCOUNTS } from './accounts.ts';

const CHANGED_KEYS = 10_000;
/** Enough for the log to outgrow the base twice. */
const COMMITS_MAX = 1000;
const BASES = 2;

const [command, folder = ''] = process.argv.slice(2);
const commands: Readonly<Record<string, () => Promise<object>>> = { fill, recover, commit };
console.log(JSON.stringify(await commands[command ?? '']?.()));

async function fill(): Promise<object> {
  const stop = new AbortController();
  await accounts.execute({
    stateDir: folder,
    signal: stop.signal,
    observer: {
      intervalMs: 1,
      continued: () => {},
      progress: ({ metrics }) => {
        if (metrics.numRecordsIn >= ACCOUNTS) stop.abort();
      },
    },
  });
  return { accounts: ACCOUNTS };
}

async function recover(): Promise<object> {
  const stop = new AbortController();
  const startedAt = performance.now();
  let seconds = Number.NaN;
  await accounts.execute({
    stateDir: folder,
    signal: stop.signal,
    observer: {
      intervalMs: 1000,
      continued: () => {
        seconds = (performance.now() - startedAt) / 1000;
        stop.abort();
      },
      progress: () => {},
    },
  });
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return { seconds, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMb: maxRSS / 1024 };
}

/** The parts of a durable run, turned by hand so that a commit comes after just so many records. */
async function commit(): Promise<object> {
  const graphOf = accounts.subtaskGraphs();
  const metrics = new MetricRegistry();
  const deadLetters = new DeadLetterFile(join(folder, 'dead-letters.ndjson'));
  const tasks = await JobTasks.create({
    ...{ plan: graphOf(0), graphOf, clock: systemClock, deadLetters, metrics },
    ...{ durable: true, keyedRowsOf: undefined },
  });
  const state = await StateDirectory.open(folder, accounts.name);
  const layout = layoutOf(tasks.jobGraph);
  await state.restore(
    { structure: structureOf(graphOf(0)), layout, allowNonRestored: false, now: systemClock.now() },
    ({ vertex, subtask }, deltas) => tasks.applyState(vertex, subtask, deltas),
  );
  for (const source of tasks.sources.values()) await source.start();
  for (const task of tasks.tasks.toReversed()) await task.open();
  const cycle = new CommitCycle({ tasks, state, deadLetters, metrics, clock: systemClock });
  await cycle.begin();
  const durationsMs: number[] = [];
  const baseStopMs: number[] = [];
  let [bytesAfterBase, bytesMax] = [0, 0];
  let due = metrics.total('numRecordsIn');
  while (baseStopMs.length < BASES && durationsMs.length < COMMITS_MAX) {
    due += CHANGED_KEYS;
    while (metrics.total('numRecordsIn') < due) await turn(tasks);
    const isBase = state.needsBase;
    const startedAt = performance.now();
    await cycle.commit(false);
    (isBase ? baseStopMs : durationsMs).push(performance.now() - startedAt);
    if (isBase) bytesAfterBase = sizeOf(folder);
    bytesMax = Math.max(bytesMax, sizeOf(folder));
  }
  const encoded = encodedBytes(tasks);
  state.close();
  return { durationsMs, baseStopMs, encodedBytes: encoded, bytesAfterBase, bytesMax };
}

async function turn({ sources, tasks }: JobTasks): Promise<void> {
  const now = systemClock.now();
  for (const source of sources.values()) source.advance(now);
  for (const task of tasks) task.runBatch(true);
  await new Promise(setImmediate);
}

function encodedBytes(tasks: JobTasks): number {
  const at = { version: 1, processingTime: 0, code: '', due: undefined, nonce: '' };
  return tasks
    .collectState('all')
    .flatMap(({ vertex, subtask, deltas }) => encodeBase({ run: '1', vertex, subtask }, at, deltas).objects)
    .reduce((sum, { bytes }) => sum + bytes.length, 0);
}

function sizeOf(directory: string): number {
  return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}
