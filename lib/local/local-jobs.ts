/** The jobs whose state is on this machine, running or not, and what can be asked of them. */
import { createReadStream, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { FolderSavepointStore } from '../adapters/folder/folder-savepoint-store.ts';
import { readStateSummary, type StateSummary } from '../adapters/sqlite/state-summary.ts';
import { systemClock } from '../adapters/system/system-clock.ts';
import { RetryableError, UserError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { DeadLetter } from '../ports/dead-letters.ts';
import { committablesIn } from '../runtime/task/sink-operator.ts';
import type { JobImage } from '../savepoint/savepoint-image.ts';
import { writeSavepoint } from '../savepoint/write-savepoint.ts';
import { type JobRequest, JobRequests, type RequestAnswer } from './job-requests.ts';
import {
  type DeadLetterPosition,
  PROGRESS_KEY,
  type ProgressRecord,
  RUN_KEY,
  type RunRecord,
} from './run-records.ts';
import { StateDirectory } from './state-directory.ts';

/** Folder that holds the state directories of a project. */
const STATE_ROOT = '.millrace';

export interface LocalJobReport {
  readonly job: string;
  readonly stateDir: string;
  readonly status: 'running' | 'stopped' | 'finished';
  /** Undefined before the first commit. */
  readonly lastCommit: { readonly version: number; readonly committedAt: number } | undefined;
  readonly restarts: number;
  /** Time that the job has run. Unit: ms. */
  readonly durationMs: number;
  readonly deadLetters: number;
  readonly vertices: readonly LocalVertexReport[];
}

export interface LocalVertexReport {
  readonly id: string;
  readonly parallelism: number;
  readonly maxParallelism: number;
  readonly operators: readonly string[];
}

/** The jobs of the project in `cwd`, by name. */
export function localJobs(cwd: string): readonly LocalJob[] {
  return foldersIn(join(cwd, STATE_ROOT))
    .map((name) => new LocalJob(join(cwd, STATE_ROOT, name)))
    .filter((job) => job.exists);
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  } catch {
    return [];
  }
}

/** One job by its state directory. */
export class LocalJob {
  readonly stateDir: string;

  constructor(stateDir: string) {
    this.stateDir = stateDir;
  }

  get exists(): boolean {
    return StateDirectory.exists(this.stateDir);
  }

  /** Throws UserError JOB_NOT_FOUND or STATE_…. */
  get name(): string {
    return this.#summary().jobName;
  }

  /** Throws UserError JOB_NOT_FOUND or STATE_…. */
  report(): LocalJobReport {
    const { jobName, running, records } = this.#summary();
    // Records of these names are written by StateDirectory alone.
    const run = records.get(RUN_KEY) as RunRecord | undefined;
    const progress = records.get(PROGRESS_KEY) as ProgressRecord | undefined;
    const ended = progress?.finished ? 'finished' : 'stopped';
    return {
      job: jobName,
      stateDir: this.stateDir,
      status: running ? 'running' : ended,
      lastCommit: progress && { version: progress.version, committedAt: progress.committedAt },
      restarts: progress?.restarts ?? 0,
      durationMs: progress?.durationMs ?? 0,
      deadLetters: progress?.deadLetters.count ?? 0,
      vertices: (run?.layout ?? []).map(({ id, parallelism, maxParallelism, operators }) => ({
        ...{ id, parallelism, maxParallelism },
        operators: operators.map((operator) => operator.id),
      })),
    };
  }

  /**
   * Takes a savepoint into `folder`, of the running job or of what it has left.
   *
   * Throws UserError ARGUMENT_INVALID or STATE_…, RetryableError TIME_OVER.
   */
  async savepoint(folder: string): Promise<void> {
    if (this.#summary().running) await this.#ask({ kind: 'savepoint', folder });
    else await writeSavepoint(await this.image(), this.#place(folder));
  }

  /**
   * Has the running job end, with a savepoint in `folder` unless it is cancelled.
   *
   * Throws as `savepoint` does.
   */
  async end(kind: 'stop' | 'drain' | 'cancel', folder: string | undefined): Promise<void> {
    if (this.#summary().running) return this.#ask({ kind, folder });
    const { jobName } = this.#summary();
    if (kind === 'cancel') throw invalid(`Job '${jobName}' is not running.`);
    if (kind === 'drain') {
      throw invalid(`Job '${jobName}' is not running: run it, and drain it while it does.`);
    }
    if (folder !== undefined) await this.savepoint(folder);
  }

  /** The first dead letters of the last commit, and whether there are more. */
  async deadLetters(
    limit: number,
  ): Promise<{ readonly letters: readonly DeadLetter[]; readonly more: boolean }> {
    const { path, bytes } = this.#letters();
    if (bytes === 0 || !existsSync(path)) return { letters: [], more: false };
    const letters: DeadLetter[] = [];
    const committed = createReadStream(path, { end: bytes - 1 });
    for await (const line of createInterface({ input: committed })) {
      if (letters.length === limit) return { letters, more: true };
      // Written by DeadLetterFile, whole lines up to the commit.
      letters.push(JSON.parse(line) as DeadLetter);
    }
    return { letters, more: false };
  }

  /** Removes the dead letters of a job that is not running; how many there were. */
  dropDeadLetters(): number {
    const { path, count } = this.#letters();
    if (this.#summary().running) {
      throw invalid(`Job '${this.name}' is running and writes to ${path}. Stop it first.`);
    }
    if (!existsSync(path)) return 0;
    rmSync(path);
    return count;
  }

  #letters(): DeadLetterPosition {
    const progress = this.#summary().records.get(PROGRESS_KEY) as ProgressRecord | undefined;
    return progress?.deadLetters ?? { path: '', bytes: 0, count: 0 };
  }

  /** The whole state of a job that is not running. */
  async image(): Promise<JobImage> {
    const directory = await StateDirectory.open(this.stateDir, this.name);
    try {
      const image = await directory.image();
      if (image === undefined) throw invalid(`Job '${this.name}' has no state yet.`);
      requirePublished(image);
      return image;
    } finally {
      directory.close();
    }
  }

  #summary(): StateSummary {
    const summary = readStateSummary(this.stateDir);
    if (summary !== undefined) return summary;
    throw new UserError(
      'JOB_NOT_FOUND',
      `There is no state of a job in ${this.stateDir}. Run the job with \`millrace run\` first, or give ` +
        'the state directory that it was run with.',
      { context: { location: this.stateDir } },
    );
  }

  #place(folder: string) {
    return { store: new FolderSavepointStore(folder), where: folder, now: systemClock.now() };
  }

  async #ask(request: JobRequest): Promise<void> {
    const requests = new JobRequests(this.stateDir);
    const id = requests.post(request);
    try {
      const answer = await this.#answerTo(requests, id);
      if (answer.kind === 'failed') throw invalid(answer.message);
    } finally {
      requests.withdraw(id);
    }
  }

  async #answerTo(requests: JobRequests, id: string): Promise<RequestAnswer> {
    const until = systemClock.now() + LIMITS.jobAnswerWaitMs;
    while (systemClock.now() < until) {
      // In this order: a job answers before it gives its directory free.
      const running = this.#summary().running;
      const answer = requests.takeAnswer(id);
      if (answer !== undefined) return answer;
      if (!running) {
        throw new UserError(
          'EXECUTION_FAILED',
          `Job '${this.name}' ended before it answered. Look at what it has printed, and ask again.`,
        );
      }
      await systemClock.sleep(LIMITS.jobAnswerLookMs);
    }
    throw new RetryableError(
      'TIME_OVER',
      `Job '${this.name}' has not answered for ${LIMITS.jobAnswerWaitMs / 1000} s; it is asked no more.`,
    );
  }
}

/** A job that was killed may have output that only its own sinks can publish (I16). */
function requirePublished({ job, vertices }: JobImage): void {
  const deltas = vertices.flatMap(({ images }) => images.flatMap((image) => image.deltas()));
  const waiting = deltas.reduce((sum, delta) => sum + committablesIn(delta), 0);
  if (waiting === 0) return;
  throw invalid(
    `Job '${job}' was ended before it could publish ${waiting} parts of its output, which a savepoint does ` +
      'not hold. Run it once more, which publishes them, and stop it with a savepoint.',
  );
}

function invalid(message: string): UserError {
  return new UserError('ARGUMENT_INVALID', message);
}
