/** One `millrace run` that is killed with SIGKILL at a chosen moment. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, type FSWatcher, mkdirSync, watch } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CrashJob } from './crash-job.ts';

const BIN = resolve(import.meta.dirname, '../../bin/millrace.js');

/** When to kill: after a time, or when something happens to a file for the n-th time. */
export type Moment =
  | { readonly kind: 'delay'; readonly ms: number }
  /** A part has got its name: the process is between two renames, or before the folder is synced. */
  | { readonly kind: 'published'; readonly count: number }
  /** A hidden part was made. */
  | { readonly kind: 'begun'; readonly count: number }
  /** The log was written: the process is in a commit or just behind it. */
  | { readonly kind: 'logged'; readonly count: number };

/** How a run ended. */
export interface RunEnd {
  readonly end: 'killed' | 'finished';
  readonly durationMs: number;
}

/** Where a job runs: its output is in `out`, its state in `state`, both made here. */
export interface RunPlace {
  readonly job: CrashJob;
  readonly folder: string;
}

/** Runs the job and kills it at `moment`, if it is still running then. Throws if the job fails by itself. */
export async function runAndKill({ job, folder }: RunPlace, moment: Moment | undefined): Promise<RunEnd> {
  for (const name of ['out', 'state']) mkdirSync(join(folder, name), { recursive: true });
  const startedAt = performance.now();
  const args = ['run', job.path, '--state-dir', 'state', '--parallelism', `${job.parallelism}`];
  args.push('--state-backend', job.stateBackend);
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const disarm = moment === undefined ? () => {} : arm(child, folder, moment);
  try {
    const { code, signal, text } = await endOf(child);
    const durationMs = Math.round(performance.now() - startedAt);
    if (signal === 'SIGKILL') return { end: 'killed', durationMs };
    if (code === 0) return { end: 'finished', durationMs };
    throw new Error(`${job.name} in ${folder} ended with exit code ${code}:\n${text}`);
  } finally {
    disarm();
  }
}

/** Kills `child` at `moment`; call the answer when it has ended. */
function arm(child: ChildProcess, folder: string, moment: Moment): () => void {
  const kill = () => void child.kill('SIGKILL');
  if (moment.kind === 'delay') {
    const timer = setTimeout(kill, moment.ms);
    return () => clearTimeout(timer);
  }
  let remaining = moment.count;
  const watcher = watchFor(moment.kind, folder, () => {
    remaining -= 1;
    if (remaining === 0) kill();
  });
  return () => watcher.close();
}

function watchFor(kind: 'published' | 'begun' | 'logged', folder: string, happened: () => void): FSWatcher {
  if (kind === 'logged') return watch(join(folder, 'state'), { recursive: true }, happened);
  const out = join(folder, 'out');
  const pattern = kind === 'published' ? /(^|\/)part-[^/]*$/ : /\.inprogress$/;
  return watch(out, { recursive: true }, (_event, name) => {
    if (name !== null && pattern.test(name) && existsSync(join(out, name))) happened();
  });
}

function endOf(
  child: ChildProcess,
): Promise<{ readonly code: number | null; readonly signal: string | null; readonly text: string }> {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, text }));
  });
}
