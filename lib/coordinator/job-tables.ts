/**
 * The records of jobs, runs and checkpoints, typed.
 *
 * 1. Every change is a conditional update on the revision that was read: of two writers one learns that it
 *    lost, and reads again.
 * 2. A record is read back with all its fields or not at all.
 */
import { InvariantError } from '../core/errors.ts';
import type { JobRecord, JobRecords } from '../ports/job-records.ts';
import type { RunPlan } from './run-plan.ts';

/** A job across its runs. */
export interface JobState {
  /** Counts the runs: what a run writes outside carries it, so that a later run wins over an earlier one. */
  readonly lineage: number;
  readonly currentRun: string;
}

/**
 * `PREPARING`: a restore stops the run before it; `CREATED`: a restore writes what it starts from; `SEALED`:
 * stopped, every log ends with a seal; `FAILED`: user code failed, nothing is sealed; `FINISHED`: every
 * subtask reached the end of its input; `ABANDONED`: never ran.
 */
export type RunStatus = 'PREPARING' | 'CREATED' | 'RUNNING' | 'SEALED' | 'FAILED' | 'FINISHED' | 'ABANDONED';

const RUN_STATUSES: readonly unknown[] = [
  'PREPARING',
  'CREATED',
  'RUNNING',
  'SEALED',
  'FAILED',
  'FINISHED',
  'ABANDONED',
] satisfies RunStatus[];

export interface RunState {
  readonly id: string;
  readonly job: string;
  readonly lineage: number;
  readonly status: RunStatus;
  readonly plan: RunPlan;
  /** Hash of plan and code: what its log items carry. */
  readonly code: string;
  /** The run whose place it takes: no other is ever stopped for it. Null for the first run of a job. */
  readonly replaces: string | null;
  /** Manifest that the restore was asked to start from; null if it is to go on where the job stops. */
  readonly from: string | null;
  /** Manifest of the checkpoint or savepoint it starts from; null if it starts empty, or is not known yet. */
  readonly restoredFrom: string | null;
  /** Every subtask has its genesis item: from now on the logs are what counts, not `restoredFrom`. */
  readonly genesisWritten: boolean;
  /** Its logs and its rows of keyed state are gone; its checkpoints are not. */
  readonly logsDeleted: boolean;
  /** When `status` changed last. Unit: ms since the epoch. */
  readonly changedAt: number;
  /** Only of a run that has failed. */
  readonly failure?: RunFailure;
}

/** Why a run has failed. */
export interface RunFailure {
  /** `run/vertex/subtask`. */
  readonly subtask: string;
  readonly message: string;
}

export type CheckpointStatus = 'PENDING' | 'COMPLETE' | 'ABORTED';

const CHECKPOINT_STATUSES: readonly unknown[] = [
  'PENDING',
  'COMPLETE',
  'ABORTED',
] satisfies CheckpointStatus[];

export interface CheckpointState {
  readonly run: string;
  readonly n: number;
  /** `stop` seals the run; it and a savepoint are kept until somebody discards them. */
  readonly purpose: 'checkpoint' | 'savepoint' | 'stop';
  readonly status: CheckpointStatus;
  /** Who takes it: the same in every repetition of its steps. */
  readonly execution: string;
  /** Unit: ms since the epoch. */
  readonly createdAt: number;
  /** When it was completed or aborted. Unit: ms since the epoch. */
  readonly decidedAt?: number;
  /** Manifest of the base by `vertex/subtask`, null for none yet; noted before any epoch is appended. */
  readonly bases: Readonly<Record<string, string | null>> | null;
  /** Name of the object; set with COMPLETE. */
  readonly manifest: string | null;
  /** Given up: its objects may be gone. */
  readonly discarded: boolean;
}

/** A value with the revision that a conditional update names. */
export interface Versioned<T> {
  readonly key: string;
  readonly revision: number;
  readonly value: T;
}

/** Names a run. */
export interface RunKey {
  readonly job: string;
  readonly run: string;
}

/** Records of jobs under typed keys. */
export class JobTables {
  readonly #records: JobRecords;

  constructor(records: JobRecords) {
    this.#records = records;
  }

  async job(job: string): Promise<Versioned<JobState> | undefined> {
    return parsed(await this.#records.get(jobKey(job)), parseJob);
  }

  createJob(job: string, state: JobState): Promise<boolean> {
    return this.#records.create(jobKey(job), state);
  }

  async run(key: RunKey): Promise<Versioned<RunState> | undefined> {
    return parsed(await this.#records.get(runKey(key)), parseRun);
  }

  /** All runs of a job, in the order of their ids. */
  async runs(job: string): Promise<readonly Versioned<RunState>[]> {
    const records = await this.#records.list(`run/${encodeURIComponent(job)}/`);
    return records.map((record) => versioned(record, parseRun));
  }

  createRun(state: RunState): Promise<boolean> {
    return this.#records.create(runKey({ job: state.job, run: state.id }), state);
  }

  async checkpoint(run: string, n: number): Promise<Versioned<CheckpointState> | undefined> {
    return parsed(await this.#records.get(checkpointKey(run, n)), parseCheckpoint);
  }

  /** All checkpoints of a run, by their numbers. */
  async checkpoints(run: string): Promise<readonly Versioned<CheckpointState>[]> {
    const records = await this.#records.list(`checkpoint/${encodeURIComponent(run)}/`);
    return records.map((record) => versioned(record, parseCheckpoint));
  }

  createCheckpoint(state: CheckpointState): Promise<boolean> {
    return this.#records.create(checkpointKey(state.run, state.n), state);
  }

  /** False if somebody else changed the record since it was read. */
  update<T extends JobState | RunState | CheckpointState>(read: Versioned<T>, value: T): Promise<boolean> {
    return this.#records.update(read.key, read.revision, value);
  }
}

/** Digits of a checkpoint's number in its key, so that keys are ordered as numbers are. */
const NUMBER_DIGITS = 12;

function jobKey(job: string): string {
  return `job/${encodeURIComponent(job)}`;
}

function runKey({ job, run }: RunKey): string {
  return `run/${encodeURIComponent(job)}/${encodeURIComponent(run)}`;
}

function checkpointKey(run: string, n: number): string {
  return `checkpoint/${encodeURIComponent(run)}/${String(n).padStart(NUMBER_DIGITS, '0')}`;
}

type Fields = Readonly<Record<string, unknown>>;

function parsed<T>(
  record: JobRecord | undefined,
  parse: (fields: Fields) => T | undefined,
): Versioned<T> | undefined {
  return record === undefined ? undefined : versioned(record, parse);
}

function versioned<T>(record: JobRecord, parse: (fields: Fields) => T | undefined): Versioned<T> {
  const value = isFields(record.value) ? parse(record.value) : undefined;
  if (value !== undefined) return { key: record.key, revision: record.revision, value };
  throw new InvariantError('INVARIANT', `Record ${record.key} is not what a coordinator writes.`);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function parseJob({ lineage, currentRun }: Fields): JobState | undefined {
  if (typeof lineage !== 'number' || typeof currentRun !== 'string') return undefined;
  return { lineage, currentRun };
}

function parseRun(fields: Fields): RunState | undefined {
  const { id, job, lineage, status, plan, code, replaces } = fields;
  const { from, restoredFrom, genesisWritten, logsDeleted, changedAt, failure } = fields;
  const texts = typeof id === 'string' && typeof job === 'string' && typeof code === 'string';
  const numbers = typeof lineage === 'number' && typeof changedAt === 'number';
  const origins = { replaces, from, restoredFrom };
  if (!texts || !numbers || !areOrigins(origins)) return undefined;
  if (typeof genesisWritten !== 'boolean' || typeof logsDeleted !== 'boolean') return undefined;
  if (!RUN_STATUSES.includes(status) || !isPlan(plan)) return undefined;
  // The list above holds exactly the members of the union.
  const known = status as RunStatus;
  const facts = {
    ...{ genesisWritten, logsDeleted, changedAt },
    ...(isFailure(failure) ? { failure } : {}),
  };
  return { id, job, lineage, status: known, plan, code, ...origins, ...facts };
}

function isFailure(value: unknown): value is RunFailure {
  return isFields(value) && typeof value.subtask === 'string' && typeof value.message === 'string';
}

type Origins = Pick<RunState, 'replaces' | 'from' | 'restoredFrom'>;

function areOrigins(fields: Readonly<Record<keyof Origins, unknown>>): fields is Origins {
  return Object.values(fields).every(isStringOrNull);
}

function isStringOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function parseCheckpoint(fields: Fields): CheckpointState | undefined {
  const { run, n, purpose, status, execution, createdAt, decidedAt, bases, manifest, discarded } = fields;
  const texts = typeof run === 'string' && typeof execution === 'string';
  const numbers = typeof n === 'number' && typeof createdAt === 'number';
  const named = isStringOrNull(manifest);
  if (!texts || !numbers || !named || typeof discarded !== 'boolean' || !isBases(bases)) return undefined;
  if (purpose !== 'checkpoint' && purpose !== 'savepoint' && purpose !== 'stop') return undefined;
  if (!CHECKPOINT_STATUSES.includes(status)) return undefined;
  // The list above holds exactly the members of the union.
  const known = status as CheckpointStatus;
  const times = typeof decidedAt === 'number' ? { createdAt, decidedAt } : { createdAt };
  return { run, n, purpose, status: known, execution, ...times, bases, manifest, discarded };
}

/** Only a coordinator writes plans, whole ones; this tells them from other data. */
function isPlan(value: unknown): value is RunPlan {
  if (!isFields(value)) return false;
  const { vertices, edges } = value;
  return Array.isArray(vertices) && Array.isArray(edges);
}

function isBases(value: unknown): value is CheckpointState['bases'] {
  if (value === null) return true;
  return isFields(value) && Object.values(value).every(isStringOrNull);
}
