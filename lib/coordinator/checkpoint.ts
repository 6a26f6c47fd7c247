/**
 * Takes checkpoints of a running job, step by step. No step waits for a subtask, and no barrier is sent.
 *
 * 1. n grows with every checkpoint of a run; the record of n is created once and belongs to one execution.
 * 2. Bases are noted in the record before the first epoch n is appended: none lies behind the cut.
 * 3. One conditional update decides: PENDING → COMPLETE or PENDING → ABORTED (A15). Nothing is counted.
 * 4. Every step may be repeated, and run beside its own repetition.
 * 5. One that is not complete in time is aborted, by whoever sees it first; what stops a run never is.
 */
import { FencedError, InvariantError, UserError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { checkpointName } from '../core/log/paths.ts';
import type { SubtaskId } from '../core/log/subtask-id.ts';
import { readObject, storeObject } from '../ports/stored-objects.ts';
import {
  type CheckpointManifest,
  decodeCheckpoint,
  encodeCheckpoint,
  inFlightOf,
  type SubtaskCut,
} from './checkpoint-manifest.ts';
import type { CoordinatorPorts } from './coordinator-ports.ts';
import { appendHeadless, epochItem } from './headless-append.ts';
import { type CheckpointState, JobTables, type RunKey, type RunState, type Versioned } from './job-tables.ts';
import { findHead } from './log-head.ts';
import { hasMoved } from './quiescence.ts';
import { subtaskName, subtasksOf } from './run-plan.ts';
import { cutSubtask } from './subtask-cut.ts';

/** Names a checkpoint. */
export interface CheckpointKey extends RunKey {
  readonly n: number;
}

export interface CheckpointRequest extends RunKey {
  /** The same in every repetition. */
  readonly execution: string;
  /** Take it also if nothing has happened since the last one. @default false */
  readonly always?: boolean;
  /** Keep it until it is discarded: a savepoint. @default false */
  readonly keep?: boolean;
  /**
   * Least time between the end of a complete checkpoint or savepoint and the next checkpoint; with one, no
   * two are taken at the same time. @default 0
   */
  readonly minPauseMs?: number | undefined;
}

export interface CheckpointTime {
  /** Age at which a checkpoint that is not complete is aborted. @default LIMITS.checkpointTimeoutMs */
  readonly timeoutMs?: number | undefined;
}

export type CheckpointOutcome =
  /** `createdAt`: ms since the epoch. */
  | {
      readonly kind: 'complete';
      readonly n: number;
      readonly manifest: string;
      readonly createdAt: number;
    }
  /** `now`: by this call, and not before it. */
  | { readonly kind: 'aborted'; readonly n: number; readonly now: boolean }
  /** Nothing has happened since checkpoint `n`, or the run has stopped, or it is too early. */
  | { readonly kind: 'skipped'; readonly n: number | undefined };

/** All steps in a row. Repeat it with the same execution after an error. */
export async function takeCheckpoint(
  ports: CoordinatorPorts,
  request: CheckpointRequest & CheckpointTime,
): Promise<CheckpointOutcome> {
  const created = await createCheckpoint(ports, request);
  if (created.kind === 'skipped') return created;
  const key = { job: request.job, run: request.run, n: created.n };
  await noteBases(ports, key);
  const { value: run } = await runOf(ports, key);
  for (const subtask of subtasksOf(run.plan, run.id)) await appendEpoch(ports, key, subtask);
  return concludeCheckpoint(ports, key, request);
}

/**
 * Creates the record of the next checkpoint, or finds the one of this execution. A checkpoint that comes too
 * early is skipped; a savepoint never comes too early.
 */
export async function createCheckpoint(
  ports: CoordinatorPorts,
  request: CheckpointRequest & CheckpointTime,
): Promise<
  { readonly kind: 'created'; readonly n: number } | Extract<CheckpointOutcome, { kind: 'skipped' }>
> {
  const { job, run: id, execution, keep = false, always = keep } = request;
  const tables = new JobTables(ports.records);
  const { value: run } = await runOf(ports, { job, run: id });
  for (;;) {
    const existing = (await tables.checkpoints(id)).map(({ value }) => value);
    const mine = existing.find((checkpoint) => checkpoint.execution === execution);
    if (mine !== undefined) return { kind: 'created', n: mine.n };
    const last = existing.findLast(({ status }) => status === 'COMPLETE');
    if (run.status !== 'RUNNING') return { kind: 'skipped', n: last?.n };
    if (!keep && isTooEarly(ports, existing, request)) return { kind: 'skipped', n: last?.n };
    if (!always && last !== undefined && !(await movedSince(ports, run, last))) {
      return { kind: 'skipped', n: last.n };
    }
    const n = (existing.at(-1)?.n ?? 0) + 1;
    const fields = { run: id, n, execution, createdAt: ports.clock.now() };
    const state = pendingCheckpoint(fields, keep ? 'savepoint' : 'checkpoint');
    if (await tables.createCheckpoint(state)) return { kind: 'created', n };
  }
}

/** True while another is taken, or not long enough after one was completed; never without a pause. */
function isTooEarly(
  ports: Pick<CoordinatorPorts, 'clock'>,
  existing: readonly CheckpointState[],
  { minPauseMs = 0, ...time }: CheckpointTime & Pick<CheckpointRequest, 'minPauseMs'>,
): boolean {
  if (minPauseMs === 0) return false;
  return existing.some((checkpoint) => {
    const { status, createdAt, decidedAt = createdAt } = checkpoint;
    if (status === 'PENDING') return !isLate(ports, checkpoint, time);
    return status === 'COMPLETE' && ports.clock.now() - decidedAt < minPauseMs;
  });
}

/** A record as it is created. */
export function pendingCheckpoint(
  fields: Pick<CheckpointState, 'run' | 'n' | 'execution' | 'createdAt'>,
  purpose: CheckpointState['purpose'],
): CheckpointState {
  return { ...fields, purpose, status: 'PENDING', bases: null, manifest: null, discarded: false };
}

/** Notes where the base of every subtask is. To be done before the first `appendEpoch`. */
export async function noteBases(ports: CoordinatorPorts, key: CheckpointKey): Promise<void> {
  const tables = new JobTables(ports.records);
  const { value: run } = await runOf(ports, key);
  for (;;) {
    const checkpoint = await checkpointOf(tables, key);
    if (checkpoint.value.bases !== null || checkpoint.value.status !== 'PENDING') return;
    const bases: Record<string, string | null> = {};
    for (const subtask of subtasksOf(run.plan, run.id)) {
      bases[subtaskName(subtask)] = (await ports.log.readBase(subtask))?.manifest ?? null;
    }
    if (await tables.update(checkpoint, { ...checkpoint.value, bases })) return;
  }
}

/** Brings epoch n into the log of one subtask; the order of subtasks does not matter (I10). */
export async function appendEpoch(
  ports: CoordinatorPorts,
  { job, run: id, n }: CheckpointKey,
  subtask: SubtaskId,
): Promise<void> {
  const { value: run } = await runOf(ports, { job, run: id });
  await appendHeadless(ports, subtask, (head, writer) => epochItem(head, { writer, code: run.code, n }));
}

/** Cuts every subtask, archives what the cut needs, and decides. */
export async function concludeCheckpoint(
  ports: CoordinatorPorts,
  key: CheckpointKey,
  time: CheckpointTime = {},
): Promise<CheckpointOutcome> {
  const tables = new JobTables(ports.records);
  const { value: run } = await runOf(ports, key);
  const { value: checkpoint } = await checkpointOf(tables, key);
  if (checkpoint.status !== 'PENDING') return outcomeOf(checkpoint);
  if (isLate(ports, checkpoint, time)) return abortCheckpoint(ports, key);
  const cuts = await cutAll(ports, { run, checkpoint });
  if (cuts === 'overtaken') return abortCheckpoint(ports, key);
  const { job, id, lineage, plan, code } = run;
  const inFlight = inFlightOf(cuts);
  const manifest: CheckpointManifest = {
    ...{ format: 1, job, run: id, lineage, n: key.n, plan, code, subtasks: cuts, inFlight },
  };
  const name = checkpointName(id, key.n, ports.nonce());
  await storeObject(ports.objects, name, encodeCheckpoint(manifest));
  if (isLate(ports, checkpoint, time)) return abortCheckpoint(ports, key);
  return decide(ports, key, { status: 'COMPLETE', manifest: name });
}

/**
 * Gives a checkpoint up, unless it is decided already. Its epochs stay in the logs and do no harm.
 *
 * Throws UserError CHECKPOINT_UNUSABLE for one that stops its run: that is being sealed and cannot go on.
 */
export async function abortCheckpoint(
  ports: CoordinatorPorts,
  key: CheckpointKey,
): Promise<CheckpointOutcome> {
  const { value } = await checkpointOf(new JobTables(ports.records), key);
  if (value.purpose === 'stop') {
    throw new UserError(
      'CHECKPOINT_UNUSABLE',
      `Number ${key.n} of run ${key.run} stops the run and cannot be aborted; complete it by repeating it.`,
    );
  }
  return decide(ports, key, { status: 'ABORTED', manifest: null });
}

/** Gives up those that are not complete in time; how many this call has aborted. */
export async function abortLateCheckpoints(
  ports: CoordinatorPorts,
  { job, checkpoints }: { readonly job: string; readonly checkpoints: readonly CheckpointState[] },
  time: CheckpointTime = {},
): Promise<number> {
  let aborted = 0;
  for (const checkpoint of checkpoints.filter((state) => isLate(ports, state, time))) {
    const outcome = await abortCheckpoint(ports, { job, run: checkpoint.run, n: checkpoint.n });
    if (outcome.kind === 'aborted' && outcome.now) aborted++;
  }
  return aborted;
}

function isLate(
  { clock }: Pick<CoordinatorPorts, 'clock'>,
  { status, purpose, createdAt }: CheckpointState,
  { timeoutMs = LIMITS.checkpointTimeoutMs }: CheckpointTime,
): boolean {
  return status === 'PENDING' && purpose !== 'stop' && clock.now() - createdAt > timeoutMs;
}

/** Throws UserError CHECKPOINT_UNUSABLE if there is no such run. */
export async function runOf(
  { records }: Pick<CoordinatorPorts, 'records'>,
  key: RunKey,
): Promise<Versioned<RunState>> {
  const run = await new JobTables(records).run(key);
  if (run !== undefined) return run;
  throw new UserError('CHECKPOINT_UNUSABLE', `Job ${key.job} has no run ${key.run}; name one that it has.`);
}

/** Reads the manifest of a complete checkpoint. */
export async function readCheckpoint(
  { objects }: Pick<CoordinatorPorts, 'objects'>,
  name: string,
): Promise<CheckpointManifest> {
  return decodeCheckpoint(await readObject(objects, name), name);
}

async function cutAll(
  ports: CoordinatorPorts,
  { run, checkpoint }: { readonly run: RunState; readonly checkpoint: CheckpointState },
): Promise<Readonly<Record<string, SubtaskCut>> | 'overtaken'> {
  const { n, purpose, bases } = checkpoint;
  if (bases === null) {
    throw new InvariantError(
      'INVARIANT',
      `Checkpoint ${n} of ${run.id} is to be cut before bases are noted.`,
    );
  }
  if (purpose === 'stop' && run.status !== 'SEALED' && run.status !== 'FINISHED') {
    throw new InvariantError(
      'INVARIANT',
      `Savepoint ${n} of ${run.id} is to be cut before the run is sealed.`,
    );
  }
  const previous = await previousManifest(ports, checkpoint);
  const cuts: Record<string, SubtaskCut> = {};
  for (const subtask of subtasksOf(run.plan, run.id)) {
    const name = subtaskName(subtask);
    const cut = await cutSubtask(ports, subtask, {
      base: bases[name] ?? null,
      previous: previous?.subtasks[name],
      endsAt: purpose === 'stop' ? undefined : (item) => item.epoch >= n,
    });
    if (cut === 'overtaken') return cut;
    cuts[name] = cut;
  }
  return cuts;
}

async function previousManifest(
  ports: CoordinatorPorts,
  { run, n }: CheckpointState,
): Promise<CheckpointManifest | undefined> {
  const all = await new JobTables(ports.records).checkpoints(run);
  const complete = all
    .map(({ value }) => value)
    .filter((value) => value.n < n && value.status === 'COMPLETE' && !value.discarded);
  const name = complete.at(-1)?.manifest ?? null;
  return name === null ? undefined : readCheckpoint(ports, name);
}

/** True if there is anything that a checkpoint after `last`, or a first one, would hold more. */
export async function movedSince(
  ports: CoordinatorPorts,
  run: RunState,
  last: CheckpointState | undefined,
): Promise<boolean> {
  if (last !== undefined && last.manifest === null) return true;
  const subtasks = last?.manifest == null ? {} : (await readCheckpoint(ports, last.manifest)).subtasks;
  for (const subtask of subtasksOf(run.plan, run.id)) {
    const { item: head } = await findHead(ports.log, subtask);
    const version = subtasks[subtaskName(subtask)]?.version ?? 0;
    if (await hasMoved(ports, subtask, { since: version, head: head?.version ?? 0 })) return true;
  }
  return false;
}

async function decide(
  { records, rules, clock }: CoordinatorPorts,
  key: CheckpointKey,
  decision: Pick<CheckpointState, 'status' | 'manifest'>,
): Promise<CheckpointOutcome> {
  const tables = new JobTables(records);
  for (;;) {
    const checkpoint = await checkpointOf(tables, key);
    if (!rules.mayDecideCheckpoint(checkpoint.value.status)) return outcomeOf(checkpoint.value);
    const decided = { ...checkpoint.value, ...decision, decidedAt: clock.now() };
    if (await tables.update(checkpoint, decided)) return outcomeOf(decided, true);
  }
}

function outcomeOf({ n, status, manifest, createdAt }: CheckpointState, now = false): CheckpointOutcome {
  if (status === 'COMPLETE' && manifest !== null) return { kind: 'complete', n, manifest, createdAt };
  if (status === 'ABORTED') return { kind: 'aborted', n, now };
  throw new InvariantError('INVARIANT', `Checkpoint ${n} is ${status} and was taken for decided.`);
}

async function checkpointOf(
  tables: JobTables,
  { run, n }: CheckpointKey,
): Promise<Versioned<CheckpointState>> {
  const checkpoint = await tables.checkpoint(run, n);
  if (checkpoint !== undefined) return checkpoint;
  throw new FencedError('RUN_FENCED', `Run ${run} has no checkpoint ${n}; create it first.`);
}
